import { ulid } from "ulid";
import type { z } from "zod";
import { type CommandName, type CommandPayload, type CommandSpace, commands } from "../../shared/commands/catalogue.ts";
import type { AnyCommand } from "../../shared/commands/define-command.ts";
import type { Oversized } from "../../shared/json-shape.ts";
import { limits } from "../../shared/limits.ts";
import { bytesOfCommand, oversizedPartOf } from "../../shared/message-bytes.ts";
import { Rejection } from "../../shared/rejection.ts";
import { type PayloadFault, type Reply, type ReplyError, replyError } from "../../shared/reply.ts";
import type { RoomName } from "../../shared/room.ts";
import type { Handler, Handlers } from "../handle/handler.ts";
import type { Logger } from "../observe/logger.ts";
import { DeferredReply } from "../session/deferred-reply.ts";
import { hasRole } from "../session/principal.ts";
import type { Session } from "../session/session.ts";
import { assertExact } from "./exact-json.ts";
import { inspectJson } from "./inspect-json.ts";

/** A command as received by a door. */
export interface Call {
  session: Session;
  /** The command's name as the client sent it: any value. */
  command: unknown;
  payload: unknown;
  /** Size of the received payload in UTF-8. */
  bytes: number;
  /** The JSON in which the payload came. */
  text?: string | undefined;
  /** The payload is an item or a field of that JSON. */
  isFrame?: boolean;
  /** Fields in that JSON which are not the payload's. Default: 0. */
  otherFields?: number;
  /** Where the name is looked up; the first that has it serves it. Default: what the session's door offers. */
  scopes?: readonly CommandSpace[];
  /** The door could not parse the message: the reply, unless a middleware refuses first. */
  fault?: Rejection;
}

/**
 * Runs before every command, and continues by calling `next`. Throwing or rejecting with a `Rejection` ends the call
 * with it. A middleware with nothing to do afterwards need not be async, which would cost every command a promise.
 */
export type Middleware = (call: Call, next: () => Promise<void>) => Promise<void>;

/** Writes the one reply of a call. */
export type Respond = (reply: Reply<unknown>) => void;

interface RouterOptions {
  /** In execution order. */
  middleware: readonly Middleware[];
  messageBytes: number;
  jsonDepth: number;
  logger: Logger;
}

interface Route {
  definition: AnyCommand;
  /** Commands of one connection with the same queue name run in order. */
  queueName(payload: unknown): string | undefined;
  handle(payload: unknown, session: Session): Promise<unknown>;
}

interface Ordering {
  room?: (payload: never) => RoomName;
  orderedBy?: (payload: never) => string | undefined;
}

/** Dispatches commands to their handlers. The only place that catches what handlers throw. */
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
    // The cast is safe: `satisfies` in the catalogue has checked the definition, and `room` takes the schema's output.
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

  /** Resolves when no command is running. */
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
    const run = async (sequenced: () => void) => {
      const result = await route.handle(payload, session);
      if (!(result instanceof DeferredReply)) return respond?.({ ok: true, data: result });
      if (result.stored) {
        sequenced();
        await result.stored;
      }
      // No await here: a join's last step and its reply must be in one tick, without events between them.
      respond?.({ ok: true, data: result.finish() });
      result.afterReply();
    };
    const queue = route.queueName(payload);
    await (queue === undefined ? run(() => {}) : session.enqueue(queue, route.definition.adds === true, run));
  }

  #find({ session, command, scopes = session.offeredNamespaces }: Call): Route {
    for (const namespace of typeof command === "string" ? scopes : []) {
      const route = this.#routes.get(`${namespace} ${command}`);
      if (!route) continue;
      const { roles } = route.definition;
      if (isForbiddenNamespace(namespace, session))
        throw new Rejection("forbidden", `The roles of this token do not give access to ${namespace}.`);
      if (roles && !hasRole(session.principal, ...roles)) {
        throw new Rejection("forbidden", `${route.definition.name} requires one of the roles ${roles.join(", ")}.`);
      }
      return route;
    }
    throw new Rejection("unknown_command", `There is no command ${JSON.stringify(describe(command))} here.`);
  }

  #parse(definition: AnyCommand, { payload, bytes, text, isFrame = false, otherFields = 0 }: Call): unknown {
    const { jsonDepth, messageBytes } = this.#options;
    const isLarge = bytes > Math.max(messageBytes, definition.messageBytes ?? 0);
    if (isLarge) assertMayHave(bytes, definition, messageBytes);
    const fields = inspectJson(payload, jsonDepth);
    if (text !== undefined) assertExact(text, fields + otherFields, { isFrame });
    if (isLarge) assertNotOversized(oversizedPartOf(definition, payload, messageBytes), messageBytes);
    // Some libraries send no payload at all, which means a payload without fields.
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
    return replyError("internal", "The server failed to run this command. Its log has the reason under this id.", {
      errorId,
    });
  }

  #fail({ session, command }: Call, error: ReplyError, respond: Respond | undefined): void {
    if (respond) respond({ ok: false, error });
    else session.send("system.error", { command: typeof command === "string" ? command.slice(0, 64) : null, error });
  }
}

/** The door offers the namespace, but not to this connection. The two lists are mostly the same object. */
const isForbiddenNamespace = (scope: CommandSpace, { offeredNamespaces, namespaces }: Session) =>
  offeredNamespaces !== namespaces &&
  offeredNamespaces.some((namespace) => namespace === scope) &&
  !namespaces.some((namespace) => namespace === scope);

/** Ignores further replies, such as a failure after the reply was written. */
function once(respond: Respond): Respond {
  let responded = false;
  return (reply) => {
    if (responded) return;
    responded = true;
    respond(reply);
  };
}

function assertMayHave(bytes: number, definition: AnyCommand, messageBytes: number): void {
  const atMost = bytesOfCommand(definition, messageBytes);
  if (bytes > atMost) throw new Rejection("too_large", `The message has ${bytes} bytes; ${atMost} are allowed.`);
}

/** Throws `too_large`, naming the part, if there is one. */
export function assertNotOversized(part: Oversized | undefined, messageBytes: number): void {
  if (!part) return;
  const { bytes } = part;
  const path = part.path.join(".");
  throw new Rejection("too_large", `Too large: ${path} has ${bytes} bytes as JSON; ${messageBytes} are allowed.`, [
    { path, message: `must have at most ${messageBytes} bytes as JSON` },
  ]);
}

/** A client's command name may be any value, and not every value converts to text. */
function describe(command: unknown): string {
  return typeof command === "string" ? command.slice(0, 64) : typeof command;
}

/** Text that exceeds the limit of a whole result, as opposed to a field's own limit. */
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
