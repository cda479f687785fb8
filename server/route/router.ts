import { ulid } from "ulid";
import type { z } from "zod";
import { type CommandName, type CommandPayload, type CommandSpace, commands } from "../../shared/commands/catalogue.ts";
import type { AnyCommand } from "../../shared/commands/define-command.ts";
import { limits } from "../../shared/limits.ts";
import { Rejection } from "../../shared/rejection.ts";
import { type PayloadFault, type Reply, type ReplyError, replyError } from "../../shared/reply.ts";
import type { RoomName } from "../../shared/room.ts";
import type { Handler, Handlers } from "../handle/handler.ts";
import type { Logger } from "../observe/logger.ts";
import { DeferredReply } from "../session/deferred-reply.ts";
import { hasRole } from "../session/principal.ts";
import type { Session } from "../session/session.ts";
import { inspectJson } from "./inspect-json.ts";

/** A command as it came through a door. */
export interface Call {
  session: Session;
  /** Whatever the client gave for a name. */
  command: unknown;
  payload: unknown;
  /** Size of the payload as it came, UTF-8. */
  bytes: number;
  /** Where the name is looked up; the first that has it serves it. Default: what the door of the session takes. */
  scopes?: readonly CommandSpace[];
  /** What the door could not read: the call's answer, where no middleware has another. */
  fault?: Rejection;
}

/**
 * Runs before every command, and goes on by calling `next`. One that throws a `Rejection`, or rejects with it, ends the
 * call with it. One that has nothing to do afterwards need not be async, which would cost every command a promise.
 */
export type Middleware = (call: Call, next: () => Promise<void>) => Promise<void>;

/** Writes the one reply of a call. */
export type Respond = (reply: Reply<unknown>) => void;

export interface RouterOptions {
  /** In the order in which they run. */
  middleware: readonly Middleware[];
  messageBytes: number;
  jsonDepth: number;
  logger: Logger;
}

interface Route {
  definition: AnyCommand;
  /** Which commands of one connection wait for each other. */
  queueName(payload: unknown): string | undefined;
  handle(payload: unknown, session: Session): Promise<unknown>;
}

interface Ordering {
  room?: (payload: never) => RoomName;
  orderedBy?: (payload: never) => string | undefined;
}

/** From a command's name to its handler. The only place that catches what handlers throw. */
export class Router {
  readonly #routes = new Map<string, Route>();
  readonly #options: RouterOptions;
  #running = 0;
  #idle: (() => void)[] = [];

  constructor(options: RouterOptions) {
    this.#options = options;
  }

  /** Serves one command of a namespace. */
  register<N extends CommandSpace, C extends CommandName<N>>(namespace: N, name: C, handler: Handler<N, C>): void {
    // Widened by what the catalogue's own `satisfies` has checked; the room function goes with the payload's schema.
    const definition: AnyCommand & Ordering = commands[namespace][name] as AnyCommand;
    this.#routes.set(`${namespace} ${name}`, {
      definition,
      queueName: (payload) => (definition.room ?? definition.orderedBy)?.(payload as never),
      handle: (payload, session) => handler(payload as CommandPayload<N, C>, session),
    });
  }

  /** Serves all commands of a table. */
  registerAll<N extends CommandSpace, C extends CommandName<N>>(namespace: N, handlers: Handlers<N, C>): void {
    for (const name of Object.keys(handlers) as C[]) this.register(namespace, name, handlers[name]);
  }

  /**
   * Carries the command out and replies once. Never rejects. Without `respond` a failure is sent as `system.error`.
   */
  async handle(call: Call, respond?: Respond): Promise<void> {
    this.#running++;
    const respondOnce = respond && once(respond);
    try {
      await this.#throughMiddleware(call, 0, respondOnce);
    } catch (error) {
      this.#fail(call, this.#toReplyError(error, call), respondOnce);
    } finally {
      if (--this.#running === 0) for (const resolve of this.#idle.splice(0)) resolve();
    }
  }

  /** Resolves when no command is being carried out. */
  async idle(): Promise<void> {
    if (this.#running > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #throughMiddleware(call: Call, index: number, respond: Respond | undefined): Promise<void> {
    const middleware = this.#options.middleware[index];
    if (!middleware) return this.#carryOut(call, respond);
    return middleware(call, () => this.#throughMiddleware(call, index + 1, respond));
  }

  async #carryOut(call: Call, respond: Respond | undefined): Promise<void> {
    const { session, fault } = call;
    if (fault) throw fault;
    const route = this.#find(call);
    const payload = this.#parse(route.definition, call);
    const run = async (placed: () => void) => {
      const result = await route.handle(payload, session);
      if (!(result instanceof DeferredReply)) return respond?.({ ok: true, data: result });
      if (result.stored) {
        placed();
        await result.stored;
      }
      // Nothing may come between the last step of a join and its reply: no await here.
      respond?.({ ok: true, data: result.finish() });
      result.afterReply();
    };
    const lane = route.queueName(payload);
    await (lane === undefined ? run(() => {}) : session.enqueue(lane, route.definition.adds === true, run));
  }

  #find({ session, command, scopes = session.offeredNamespaces }: Call): Route {
    for (const namespace of typeof command === "string" ? scopes : []) {
      const route = this.#routes.get(`${namespace} ${command}`);
      if (!route) continue;
      const { roles } = route.definition;
      if (isForbiddenNamespace(namespace, session))
        throw new Rejection("forbidden", `${namespace} is not for the roles of this token.`);
      if (roles && !hasRole(session.principal, ...roles)) {
        throw new Rejection("forbidden", `${route.definition.name} is for the roles ${roles.join(" and ")}.`);
      }
      return route;
    }
    throw new Rejection("unknown_command", `There is no command ${JSON.stringify(describe(command))} here.`);
  }

  #parse(definition: AnyCommand, { payload, bytes }: Call): unknown {
    const { jsonDepth } = this.#options;
    const messageBytes = Math.max(this.#options.messageBytes, definition.messageBytes ?? 0);
    if (bytes > messageBytes)
      throw new Rejection("too_large", `The message has ${bytes} bytes; ${messageBytes} are allowed.`);
    inspectJson(payload, jsonDepth);
    // A library's way to send nothing is to leave the payload out, which says as much as one without fields.
    const parsed = definition.payload.safeParse(payload === undefined ? {} : payload);
    if (!parsed.success) throw invalidPayload(`the payload of ${definition.name}`, parsed.error);
    return parsed.data;
  }

  #toReplyError(error: unknown, call: Call): ReplyError {
    if (error instanceof Rejection) return error.error;
    const errorId = ulid();
    const { connectionId, principal } = call.session;
    this.#options.logger.error("command failed", {
      errorId,
      command: describe(call.command),
      connectionId,
      userId: principal.userId,
      error,
    });
    return replyError("internal", "The server failed to carry this out. Its log says why, under this id.", { errorId });
  }

  #fail({ session, command }: Call, error: ReplyError, respond: Respond | undefined): void {
    if (respond) respond({ ok: false, error });
    else session.send("system.error", { command: typeof command === "string" ? command.slice(0, 64) : null, error });
  }
}

/** The door takes the commands of this namespace, but not from this connection. Mostly the two lists are one. */
const isForbiddenNamespace = (scope: CommandSpace, { offeredNamespaces, namespaces }: Session) =>
  offeredNamespaces !== namespaces &&
  offeredNamespaces.some((namespace) => namespace === scope) &&
  !namespaces.some((namespace) => namespace === scope);

/** A reply that is out is not followed by another, whatever fails after it. */
function once(respond: Respond): Respond {
  let responded = false;
  return (reply) => {
    if (responded) return;
    responded = true;
    respond(reply);
  };
}

/** What a client gave for a name need not be text, and not all that is can be made one. */
function describe(command: unknown): string {
  return typeof command === "string" ? command.slice(0, 64) : typeof command;
}

/** Text that is held to the size of a result, and not to a length of its field's own. */
const isTooLarge = (issue: z.core.$ZodIssue) =>
  issue.code === "too_big" && issue.origin === "string" && issue.maximum >= limits.responseLength;

/** The rejection that names every fault which the schema found, up to 20. */
export function invalidPayload(what: string, error: z.ZodError): Rejection {
  const tooLarge = error.issues.find(isTooLarge);
  if (tooLarge)
    return new Rejection("too_large", `Too large, ${what}: ${tooLarge.path.join(".")}: ${tooLarge.message}`);
  const faults: PayloadFault[] = error.issues
    .slice(0, 20)
    .map(({ path, message }) => ({ path: path.join("."), message }));
  const [first] = faults;
  const where = first?.path ? `${first.path}: ` : "";
  return new Rejection("invalid_payload", `Not valid, ${what}: ${where}${first?.message ?? ""}`, faults);
}
