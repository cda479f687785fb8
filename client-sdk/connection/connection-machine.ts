import { type DisconnectReason, disconnectReasons } from "../../shared/disconnect-table.ts";
import type { ReplyError } from "../../shared/reply.ts";
import { type BackoffOptions, backoffDelay } from "./backoff.ts";

/** Transport of a connection. */
export type TransportName = "websocket" | "http";

/** State that is carried from attempt to attempt, until the client is active again. */
export interface Tries {
  /** Number of the reconnection attempt; 0 for the first connection. */
  attempt: number;
  via: TransportName;
  /** Consecutive failures to open a WebSocket. */
  blocked: number;
  /** The server has refused a token, and another one is being tried. */
  renewed: boolean;
}

/** Why a client is closed: by the application, by the server, after the maximum of attempts, or refused for good. */
export type CloseReason = "client" | DisconnectReason | "attempts_exceeded" | "refused";

/** Detailed state of a connection; {@link PublicState} is its summary. */
export type ConnectionState =
  | { name: "idle" }
  /** Getting a token. */
  | { name: "authenticating"; tries: Tries }
  | { name: "opening"; tries: Tries }
  /** Connected; rooms are catching up. */
  | { name: "restoring"; tries: Tries }
  | { name: "active"; via: TransportName }
  /** Waiting for the next attempt. */
  | { name: "waiting"; tries: Tries; delayMs: number }
  /**
   * The same while the browser reports that there is no network. Attempts go on: the report may be wrong, as with some
   * VPNs, and says nothing about servers on the same machine.
   */
  | { name: "offline"; tries: Tries; delayMs: number }
  /** The server refused the token. `connect` tries again. */
  | { name: "unauthorized"; error: ReplyError }
  | { name: "closed"; reason: CloseReason; error?: ReplyError };

export type ConnectionEvent =
  | { type: "connect" }
  | { type: "disconnect" }
  | { type: "token"; token: string | undefined }
  /** With `error` there is no token; without it, getting one failed and may be retried. */
  | { type: "noToken"; error?: ReplyError }
  | { type: "opened" }
  | { type: "refused"; error: ReplyError }
  | { type: "failed" }
  | { type: "restored" }
  | { type: "dropped"; reason?: DisconnectReason; retryAfterMs?: number | undefined }
  /** The retry delay is over. */
  | { type: "due" }
  | { type: "online" }
  | { type: "offline" }
  | { type: "visible" }
  /** A WebSocket has replaced HTTP. */
  | { type: "upgraded" };

export type ConnectionEffect =
  | { do: "fetchToken" }
  | { do: "open"; via: TransportName; token: string | undefined }
  | { do: "close" }
  | { do: "wait"; delayMs: number }
  | { do: "stopWaiting" }
  | { do: "restore" }
  /** Find out whether the connection still works: `dropped` if the server does not answer soon. */
  | { do: "probe" };

export interface MachineSettings {
  backoff: BackoffOptions;
  /** Whether another token can be requested. */
  canRenew: boolean;
  /** Consecutive WebSocket failures before HTTP is tried; `Infinity` for never. */
  fallbackAfter: number;
}

interface Step {
  state: ConnectionState;
  effects: ConnectionEffect[];
}

const noTries: Tries = { attempt: 0, via: "websocket", blocked: 0, renewed: false };

/** What a step depends on beside state and event. */
interface StepContext {
  settings: MachineSettings;
  /** From 0 (inclusive) to 1 (exclusive). */
  random: number;
  /** The browser reports that there is no network. */
  isOffline: boolean;
}

/** The state machine of a connection. Events without meaning in a state change nothing. */
export function transition(state: ConnectionState, event: ConnectionEvent, context: StepContext): Step {
  const tries = "tries" in state ? state.tries : noTries;

  if (event.type === "disconnect") {
    return state.name === "closed" ? stay(state) : to({ name: "closed", reason: "client" }, ...endOf(state));
  }
  switch (state.name) {
    case "idle":
    case "unauthorized":
    case "closed":
      return event.type === "connect" ? attempt(noTries) : stay(state);

    case "authenticating":
      if (event.type === "token")
        return to({ name: "opening", tries }, { do: "open", via: tries.via, token: event.token });
      if (event.type === "noToken") {
        return event.error ? to({ name: "unauthorized", error: event.error }) : retry(tries, context);
      }
      return stay(state);

    case "opening":
      if (event.type === "opened") return to({ name: "restoring", tries }, { do: "restore" });
      if (event.type === "refused") return refused(tries, event.error, context);
      if (event.type === "failed") return openFailed(tries, undefined, context);
      if (event.type === "dropped") return openFailed(tries, event.retryAfterMs, context);
      return stay(state);

    case "restoring":
    case "active":
      if (event.type === "restored" && state.name === "restoring") return to({ name: "active", via: tries.via });
      if (event.type === "upgraded" && viaOf(state) === "http")
        return to({ name: "restoring", tries: noTries }, { do: "restore" });
      if (event.type === "dropped") return dropped(tries, event, context);
      // The connection may or may not have survived the change. A tab that was in the background may have slept.
      if (event.type === "online" || event.type === "offline" || event.type === "visible") {
        return to(state, { do: "probe" });
      }
      return stay(state);

    case "waiting":
    case "offline":
      if (event.type === "due") return attempt(tries);
      if (event.type === "connect" || event.type === "online" || event.type === "visible") {
        return attempt(tries, { do: "stopWaiting" });
      }
      return event.type === "offline" && state.name === "waiting" ? to({ ...state, name: "offline" }) : stay(state);
  }
}

/** The transport in use, if the state has one. */
export function viaOf(state: ConnectionState): TransportName | undefined {
  if (state.name === "active") return state.via;
  return state.name === "restoring" ? state.tries.via : undefined;
}

function to(state: ConnectionState, ...effects: ConnectionEffect[]): Step {
  return { state, effects };
}

function stay(state: ConnectionState): Step {
  return { state, effects: [] };
}

function attempt(tries: Tries, ...before: ConnectionEffect[]): Step {
  return to({ name: "authenticating", tries }, ...before, { do: "fetchToken" });
}

/** Effects that end a state. */
function endOf(state: ConnectionState): ConnectionEffect[] {
  if (state.name === "waiting" || state.name === "offline") return [{ do: "stopWaiting" }];
  return ["authenticating", "opening", "restoring", "active"].includes(state.name) ? [{ do: "close" }] : [];
}

/** The next attempt after a delay, unless the maximum is reached. */
function retry(tries: Tries, { settings: { backoff }, random, isOffline }: StepContext, retryAfterMs?: number): Step {
  const next = { ...tries, attempt: tries.attempt + 1, via: "websocket" } as const;
  if (next.attempt > backoff.attempts) return to({ name: "closed", reason: "attempts_exceeded" }, { do: "close" });
  // The server spreads its reconnecting clients.
  const delayMs = retryAfterMs ?? backoffDelay(backoff, next.attempt, random);
  const name = isOffline ? "offline" : "waiting";
  return to({ name, tries: next, delayMs }, { do: "close" }, { do: "wait", delayMs });
}

/** After repeated failures of WebSockets, HTTP is tried within the same attempt. */
function openFailed(tries: Tries, retryAfterMs: number | undefined, context: StepContext): Step {
  if (tries.via === "http") return retry(tries, context, retryAfterMs);
  const blocked = tries.blocked + 1;
  if (blocked < context.settings.fallbackAfter) return retry({ ...tries, blocked }, context, retryAfterMs);
  return attempt({ ...tries, blocked, via: "http" }, { do: "close" });
}

function refused(tries: Tries, error: ReplyError, context: StepContext): Step {
  switch (error.code) {
    case "unauthenticated":
    case "token_expired":
      return renew(tries, error, context.settings);
    case "forbidden":
      return to({ name: "unauthorized", error }, { do: "close" });
    default:
      if (!error.retryable) return to({ name: "closed", reason: "refused", error }, { do: "close" });
      return retry(tries, context, retryAfterOf(error));
  }
}

/** Tries one other token; if that is refused as well, the client is unauthorized. */
function renew(tries: Tries, error: ReplyError, { canRenew }: MachineSettings): Step {
  if (tries.renewed || !canRenew) return to({ name: "unauthorized", error }, { do: "close" });
  return attempt({ ...tries, renewed: true }, { do: "close" });
}

const expired: ReplyError = { code: "token_expired", message: "The token has expired.", retryable: false };

interface Dropped {
  reason?: DisconnectReason;
  retryAfterMs?: number | undefined;
}

function dropped(tries: Tries, { reason, retryAfterMs }: Dropped, context: StepContext): Step {
  switch (reason && disconnectReasons[reason].client) {
    case "stop":
      return to({ name: "closed", reason: reason ?? "refused" }, { do: "close" });
    case "new-token":
      return renew(tries, expired, context.settings);
    default:
      return retry(tries, context, retryAfterMs);
  }
}

/** `details.retryAfterMs` of an error, if it has one. */
export function retryAfterOf({ details }: ReplyError): number | undefined {
  if (typeof details !== "object" || details === null || !("retryAfterMs" in details)) return undefined;
  return typeof details.retryAfterMs === "number" ? details.retryAfterMs : undefined;
}
