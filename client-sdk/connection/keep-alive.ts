import type { Namespace } from "../../shared/namespace.ts";
import type { Logger } from "../log/logger.ts";
import type { Link } from "../transport/transport.ts";
import type { Environment } from "./environment.ts";
import type { TokenSource } from "./token-source.ts";

interface KeepAliveDeps {
  namespaces: readonly Namespace[];
  tokens: TokenSource;
  environment: Environment;
  logger: Logger;
  /** The current link. */
  current(): Link | undefined;
}

/** Answers pings, measures the round trip and renews expiring tokens. */
export interface KeepAlive {
  readonly roundTripMs: number | null;
  start(link: Link): void;
  /** Calls `silent` if the server does not answer within a few seconds. */
  probe(link: Link, silent: () => void): void;
  message(namespace: Namespace, name: string, data: unknown): void;
}

/** A working connection answers within a second, unless it is very slow. */
const probeTimeoutMs = 5_000;
/** Renewal starts a minute before the token expires, which leaves time for retries. */
const renewalDelayMs = 5_000;
const renewalAttempts = 8;

export function createKeepAlive({ namespaces, tokens, environment, logger, current }: KeepAliveDeps): KeepAlive {
  let roundTripMs: number | null = null;

  function pong(link: Link, namespace: Namespace, timestamp: number, answered = () => {}): void {
    const sentAt = environment.now();
    link.command(namespace, "system.pong", { timestamp }, () => {
      roundTripMs = environment.now() - sentAt;
      answered();
    });
  }

  async function renew(link: Link, namespace: Namespace, attempt = 1): Promise<void> {
    const answer = await tokens.ask();
    if (link !== current()) return;
    const retry = () => {
      if (attempt >= renewalAttempts) return logger.warn("the token could not be renewed");
      environment.after(renewalDelayMs, () => {
        if (link === current()) void renew(link, namespace, attempt + 1);
      });
    };
    // A failure closes nothing here: the server ends the connection of an expired token, and the machine handles that.
    if (!("token" in answer)) return answer.error ? undefined : retry();
    // Cookie sessions are extended by the page; the next connection uses the new cookie.
    if (answer.token === undefined) return;
    link.command(namespace, "system.token.refresh", { token: answer.token }, (reply) => {
      if (reply.ok) return logger.debug("the token was renewed");
      if (reply.error.retryable) retry();
      else logger.warn(`the new token was refused: ${reply.error.code}`);
    });
  }

  return {
    get roundTripMs() {
      return roundTripMs;
    },
    start(link) {
      const [first] = namespaces;
      // HTTP has no pings.
      if (first && link.via === "websocket") pong(link, first, environment.now());
    },
    probe(link, silent) {
      const [first] = namespaces;
      // Over HTTP the long polls notice.
      if (!first || link.via === "http") return;
      const cancel = environment.after(probeTimeoutMs, () => {
        if (link === current()) silent();
      });
      pong(link, first, environment.now(), cancel);
    },
    message(namespace, name, data) {
      const link = current();
      if (!link) return;
      if (name === "system.ping") pong(link, namespace, (data as { timestamp: number }).timestamp);
      if (name === "system.token.expiring" && tokens.canRenew) void renew(link, namespace);
    },
  };
}
