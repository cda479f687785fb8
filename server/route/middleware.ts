import type { ErrorCode } from "../../shared/error-code.ts";
import { codeOf, Rejection } from "../../shared/rejection.ts";
import type { Logger } from "../observe/logger.ts";
import type { Spans } from "../observe/spans.ts";
import type { Clock } from "../runtime/clock.ts";
import { expiryGraceMs } from "../session/principal.ts";
import type { Session } from "../session/session.ts";
import type { Middleware } from "./router.ts";

export interface MeasuringDeps {
  counters: { commands: number };
  /** Called for every command: `ok`, or the error's code. `command` is the client's text, and can be anything. */
  answered(command: string, code: ErrorCode | "ok", milliseconds: number, session: Session): void;
}

/** Counts and times every command. Must be first, so that it includes those that later middleware refuses. */
export function measuring({ counters, answered }: MeasuringDeps): Middleware {
  return async ({ command, session }, next) => {
    counters.commands++;
    const startedAt = performance.now();
    let code: ErrorCode | "ok" = "ok";
    try {
      await next();
    } catch (error) {
      code = codeOf(error);
      throw error;
    } finally {
      answered(typeof command === "string" ? command : "", code, performance.now() - startedAt, session);
    }
  };
}

/**
 * Makes a span for every command. The span has the command's name only if such a command exists, since clients can
 * send any number of other names.
 */
export function spanning({
  spans,
  isKnown,
}: {
  spans: Pick<Spans, "start">;
  isKnown(command: string): boolean;
}): Middleware {
  return async ({ command, session }, next) => {
    const name = typeof command === "string" && isKnown(command) ? command : "unknown command";
    const { door, connectionId } = session;
    const span = spans.start(name, { attributes: { "signalbox.door": door, "signalbox.connection": connectionId } });
    try {
      await span.within(next);
      span.end();
    } catch (error) {
      span.end(codeOf(error));
      throw error;
    }
  };
}

/** Refuses commands of a connection whose token expired more than a moment ago. */
export function authentication({ clock }: { clock: Clock }): Middleware {
  return ({ session }, next) => {
    if (clock.now() > session.principal.expiresAt + expiryGraceMs) {
      throw new Rejection("token_expired", "The token of this connection has expired. Connect with a new one.");
    }
    return next();
  };
}

/** Limits the commands per second of a connection, and closes one that goes far beyond the limit. */
export function rateLimit(): Middleware {
  return ({ session }, next) => {
    const retryAfterMs = session.commands.take();
    if (retryAfterMs === 0) return next();
    if (session.refusals.take() > 0) session.close("rate_limited");
    throw new Rejection("rate_limited", `Too many commands; the next is possible in ${retryAfterMs} ms.`, {
      retryAfterMs,
    });
  };
}

/** Logs every command at level debug. At other levels not even the line's fields are made. */
export function commandLogging({ logger }: { logger: Logger }): Middleware {
  const logged: Middleware = async ({ session, command, bytes }, next) => {
    const startedAt = performance.now();
    const { connectionId, principal } = session;
    try {
      await next();
    } finally {
      const milliseconds = Math.round((performance.now() - startedAt) * 10) / 10;
      const name = String(command).slice(0, 64);
      logger.debug("command", { command: name, connectionId, userId: principal.userId, bytes, milliseconds });
    }
  };
  // The level may change at run time. Asking the logger costs a third of the time of a line.
  return (call, next) => (logger.level === "debug" ? logged(call, next) : next());
}
