import { type DisconnectReason, disconnectReasons } from "../../shared/disconnect-table.ts";
import type { ReplyError } from "../../shared/reply.ts";
import { type BackoffOptions, backoffDelay } from "./backoff.ts";

/** How a client reaches the server. */
export type TransportName = "websocket" | "http";

/** What is remembered from attempt to attempt, until everything is well again. */
export interface Tries {
  /** The number of the attempt to come back; 0 for the very first. */
  attempt: number;
  via: TransportName;
  /** WebSockets that could not be opened in a row. */
  blocked: number;
  /** The server has refused a token, and a new one is being tried. */
  renewed: boolean;
}

/** Why a client does not try again by itself: somebody said so, the server did, or too much failed. */
export type CloseReason = "client" | DisconnectReason | "attempts_exceeded" | "refused";

/** The state of a connection in full; `state` of a client is the short of it. */
export type ConnectionState =
  | { name: "idle" }
  /** Asking for a token. */
  | { name: "authenticating"; tries: Tries }
  | { name: "opening"; tries: Tries }
  /** Let in; the rooms are being caught up with. */
  | { name: "restoring"; tries: Tries }
  | { name: "active"; via: TransportName }
  | { name: "waiting"; tries: Tries; delayMs: number }
  /** The browser says that there is no network: nothing is tried, and nothing counts as failed. */
  | { name: "offline"; tries: Tries }
  /** The token is not good enough. Another may be. */
  | { name: "unauthorized"; error: ReplyError }
  | { name: "closed"; reason: CloseReason; error?: ReplyError };

export type ConnectionEvent =
  | { type: "connect" }
  | { type: "disconnect" }
  | { type: "token"; token: string | undefined }
  /** `error` says that there is no token to be had; without it, asking for one has failed. */
  | { type: "noToken"; error?: ReplyError }
  | { type: "opened" }
  | { type: "refused"; error: ReplyError }
  | { type: "failed" }
  | { type: "restored" }
  | { type: "dropped"; reason?: DisconnectReason; retryAfterMs?: number | undefined }
  | { type: "due" }
  | { type: "online" }
  | { type: "offline" }
  | { type: "visible" }
  /** A WebSocket has been opened beside HTTP, and takes over. */
  | { type: "upgraded" };

export type ConnectionEffect =
  | { do: "fetchToken" }
  | { do: "open"; via: TransportName; token: string | undefined }
  | { do: "close" }
  | { do: "wait"; delayMs: number }
  | { do: "stopWaiting" }
  | { do: "restore" };

export interface MachineSettings {
  backoff: BackoffOptions;
  /** Whether another token can be asked for. */
  canRenew: boolean;
  /** WebSockets that may fail to open in a row before HTTP is tried; `Infinity`: it never is. */
  fallbackAfter: number;
}

export interface Step {
  state: ConnectionState;
  effects: ConnectionEffect[];
}

const noTries: Tries = { attempt: 0, via: "websocket", blocked: 0, renewed: false };

/** The whole life of a connection. What has no meaning in a state leaves everything as it is. */
export function transition(
  state: ConnectionState,
  event: ConnectionEvent,
  settings: MachineSettings,
  random: number,
): Step {
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
        return event.error ? to({ name: "unauthorized", error: event.error }) : again(tries, settings, random);
      }
      return event.type === "offline" ? to({ name: "offline", tries }, { do: "close" }) : stay(state);

    case "opening":
      if (event.type === "opened") return to({ name: "restoring", tries }, { do: "restore" });
      if (event.type === "refused") return refused(tries, event.error, settings, random);
      if (event.type === "failed") return failed(tries, undefined, settings, random);
      if (event.type === "dropped") return failed(tries, event.retryAfterMs, settings, random);
      return event.type === "offline" ? to({ name: "offline", tries }, { do: "close" }) : stay(state);

    case "restoring":
    case "active":
      if (event.type === "restored" && state.name === "restoring") return to({ name: "active", via: tries.via });
      if (event.type === "upgraded" && viaOf(state) === "http")
        return to({ name: "restoring", tries: noTries }, { do: "restore" });
      if (event.type === "dropped") return dropped(tries, event, settings, random);
      return event.type === "offline" ? to({ name: "offline", tries }, { do: "close" }) : stay(state);

    case "waiting":
      if (event.type === "due") return attempt(tries);
      if (event.type === "connect" || event.type === "online" || event.type === "visible") {
        return attempt(tries, { do: "stopWaiting" });
      }
      return event.type === "offline" ? to({ name: "offline", tries }, { do: "stopWaiting" }) : stay(state);

    case "offline":
      return event.type === "connect" || event.type === "online" || event.type === "visible"
        ? attempt(tries)
        : stay(state);
  }
}

/** How the server is reached in a state, if it is. */
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

/** What has to end with a state. */
function endOf(state: ConnectionState): ConnectionEffect[] {
  if (state.name === "waiting") return [{ do: "stopWaiting" }];
  return ["authenticating", "opening", "restoring", "active"].includes(state.name) ? [{ do: "close" }] : [];
}

/** One more has failed: after a delay the next, if there may be one. */
function again(tries: Tries, { backoff }: MachineSettings, random: number, retryAfterMs?: number): Step {
  const next = { ...tries, attempt: tries.attempt + 1, via: "websocket" } as const;
  if (next.attempt > backoff.attempts) return to({ name: "closed", reason: "attempts_exceeded" }, { do: "close" });
  // The server knows best how to spread those who come back.
  const delayMs = retryAfterMs ?? backoffDelay(backoff, next.attempt, random);
  return to({ name: "waiting", tries: next, delayMs }, { do: "close" }, { do: "wait", delayMs });
}

/** It could not be opened. Where WebSockets fail again and again HTTP is tried within the same attempt. */
function failed(tries: Tries, retryAfterMs: number | undefined, settings: MachineSettings, random: number): Step {
  if (tries.via === "http") return again(tries, settings, random, retryAfterMs);
  const blocked = tries.blocked + 1;
  if (blocked < settings.fallbackAfter) return again({ ...tries, blocked }, settings, random, retryAfterMs);
  return attempt({ ...tries, blocked, via: "http" }, { do: "close" });
}

function refused(tries: Tries, error: ReplyError, settings: MachineSettings, random: number): Step {
  switch (error.code) {
    case "unauthenticated":
    case "token_expired":
      return renew(tries, error, settings);
    case "forbidden":
      return to({ name: "unauthorized", error }, { do: "close" });
    default:
      if (!error.retryable) return to({ name: "closed", reason: "refused", error }, { do: "close" });
      return again(tries, settings, random, retryAfterOf(error));
  }
}

/** Once: a second token that is refused is not going to be followed by a third. */
function renew(tries: Tries, error: ReplyError, { canRenew }: MachineSettings): Step {
  if (tries.renewed || !canRenew) return to({ name: "unauthorized", error }, { do: "close" });
  return attempt({ ...tries, renewed: true }, { do: "close" });
}

interface Dropped {
  reason?: DisconnectReason;
  retryAfterMs?: number | undefined;
}

function dropped(tries: Tries, { reason, retryAfterMs }: Dropped, settings: MachineSettings, random: number): Step {
  switch (reason && disconnectReasons[reason].client) {
    case "stop":
      return to({ name: "closed", reason: reason ?? "refused" }, { do: "close" });
    case "new-token":
      return renew(tries, { code: "token_expired", message: "The token has expired.", retryable: false }, settings);
    default:
      return again(tries, settings, random, retryAfterMs);
  }
}

/** `details.retryAfterMs` of an error, if it has one. */
export function retryAfterOf({ details }: ReplyError): number | undefined {
  if (typeof details !== "object" || details === null || !("retryAfterMs" in details)) return undefined;
  return typeof details.retryAfterMs === "number" ? details.retryAfterMs : undefined;
}
