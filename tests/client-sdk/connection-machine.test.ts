import { describe, expect, it } from "@jest/globals";
import { backoffDelay, defaultBackoff } from "../../client-sdk/connection/backoff.ts";
import {
  type ConnectionEvent,
  type ConnectionState,
  type MachineSettings,
  type Tries,
  transition,
} from "../../client-sdk/connection/connection-machine.ts";
import { publicStates } from "../../client-sdk/connection/public-state.ts";
import { type DisconnectReason, disconnectReasons } from "../../shared/disconnect-table.ts";
import { type ErrorCode, errorCodes } from "../../shared/error-code.ts";
import { replyError } from "../../shared/reply.ts";

const settings: MachineSettings = { backoff: defaultBackoff, canRenew: true, fallbackAfter: 2 };
const tries: Tries = { attempt: 3, via: "websocket", blocked: 0, renewed: false };

const states = {
  idle: { name: "idle" },
  authenticating: { name: "authenticating", tries },
  opening: { name: "opening", tries },
  restoring: { name: "restoring", tries },
  active: { name: "active", via: "websocket" },
  waiting: { name: "waiting", tries, delayMs: 4_000 },
  offline: { name: "offline", tries, delayMs: 4_000 },
  unauthorized: { name: "unauthorized", error: replyError("unauthenticated", "no") },
  closed: { name: "closed", reason: "client" },
} satisfies { [Name in ConnectionState["name"]]: ConnectionState };

const events = {
  connect: { type: "connect" },
  disconnect: { type: "disconnect" },
  token: { type: "token", token: "t" },
  noToken: { type: "noToken" },
  opened: { type: "opened" },
  refused: { type: "refused", error: replyError("unavailable", "later") },
  failed: { type: "failed" },
  restored: { type: "restored" },
  dropped: { type: "dropped" },
  due: { type: "due" },
  online: { type: "online" },
  offline: { type: "offline" },
  visible: { type: "visible" },
  upgraded: { type: "upgraded" },
} satisfies { [Type in ConnectionEvent["type"]]: ConnectionEvent };

type EventName = keyof typeof events;
type Row = { [Event in EventName]?: string };

const ask = "authenticating: fetchToken";
const askNow = "authenticating: stopWaiting fetchToken";
const wait = "waiting: close wait";

/** The state that follows, and the effects. What is left out changes nothing. */
const table: Record<keyof typeof states, Row> = {
  idle: { connect: ask, disconnect: "closed:" },
  authenticating: { disconnect: "closed: close", token: "opening: open", noToken: wait },
  opening: {
    disconnect: "closed: close",
    opened: "restoring: restore",
    refused: wait,
    failed: wait,
    dropped: wait,
  },
  restoring: {
    disconnect: "closed: close",
    restored: "active:",
    dropped: wait,
    online: "restoring: probe",
    offline: "restoring: probe",
    visible: "restoring: probe",
  },
  active: {
    disconnect: "closed: close",
    dropped: wait,
    online: "active: probe",
    offline: "active: probe",
    visible: "active: probe",
  },
  waiting: {
    connect: askNow,
    disconnect: "closed: stopWaiting",
    due: ask,
    online: askNow,
    offline: "offline:",
    visible: askNow,
  },
  offline: { connect: askNow, disconnect: "closed: stopWaiting", due: ask, online: askNow, visible: askNow },
  unauthorized: { connect: ask, disconnect: "closed:" },
  closed: { connect: ask },
};

const cells = Object.entries(states).flatMap(([name, state]) =>
  Object.entries(events).map(([event, value]) => ({
    name,
    event,
    state,
    value,
    expected: table[name as keyof typeof states][event as EventName],
  })),
);

const step = (
  state: ConnectionState,
  event: ConnectionEvent,
  changes: Partial<MachineSettings> = {},
  isOffline = false,
) => transition(state, event, { settings: { ...settings, ...changes }, random: 0, isOffline });

describe("the connection machine", () => {
  it.each(cells)("SDK-1 in $name, $event leads to $expected", ({ state, value, expected }) => {
    const next = step(state, value);

    const seen = `${next.state.name}: ${next.effects.map((effect) => effect.do).join(" ")}`.trim();
    expect(seen).toBe(expected ?? `${state.name}:`);
    if (expected === undefined) expect(next.state).toBe(state);
  });

  it("SDK-1 the application sees six states", () => {
    const shown = Object.entries(publicStates).map(([name, state]) => `${name} → ${state}`);

    expect(shown.join(", ")).toBe(
      "idle → disconnected, authenticating → connecting, opening → connecting, restoring → connected, " +
        "active → active, waiting → reconnecting, offline → reconnecting, unauthorized → closed, closed → closed",
    );
  });

  const ends: Record<DisconnectReason, string> = {
    server_shutdown: "waiting",
    heartbeat_lost: "waiting",
    slow_consumer: "waiting",
    token_expired: "authenticating",
    revoked: "closed",
    kicked: "closed",
    rate_limited: "closed",
    protocol_error: "closed",
    replaced: "closed",
  };

  it.each(Object.keys(disconnectReasons) as DisconnectReason[])("SDK-1 it carries out the effect %s", (reason) => {
    const next = step(states.active, { type: "dropped", reason });

    expect(next.state.name).toBe(ends[reason]);
    if (next.state.name === "closed") expect(next.state.reason).toBe(reason);
  });

  it.each(Object.keys(errorCodes) as ErrorCode[])("SDK-1 a refusal as %s has the right reason", (code) => {
    const { retryable } = errorCodes[code];
    const isOfToken = code === "unauthenticated" || code === "token_expired";

    const next = step(states.opening, { type: "refused", error: replyError(code, "no") });

    const other = code === "forbidden" ? "unauthorized" : retryable ? "waiting" : "closed";
    expect(next.state.name).toBe(isOfToken ? "authenticating" : other);
  });

  it("SDK-1 it tries another token once, and then is unauthorized", () => {
    const error = replyError("token_expired", "no");
    const renewed = step(states.opening, { type: "refused", error });
    const opening = step(renewed.state, { type: "token", token: "second" });

    const again = step(opening.state, { type: "refused", error });
    const without = step(states.opening, { type: "refused", error }, { canRenew: false });

    expect(renewed.state.name).toBe("authenticating");
    expect(again.state).toEqual({ name: "unauthorized", error });
    expect(without.state).toEqual({ name: "unauthorized", error });
  });

  it("SDK-1 it is unauthorized if there is no token, but not if asking for one failed", () => {
    const error = replyError("unauthenticated", "Nobody is signed in.");

    const none = step(states.authenticating, { type: "noToken", error });
    const failed = step(states.authenticating, { type: "noToken" });

    expect(none.state).toEqual({ name: "unauthorized", error });
    expect(failed.state.name).toBe("waiting");
  });

  it("SDK-2 the delay doubles from 1 s to 30 s, randomly shortened, also at its maximum", () => {
    const attempts = [1, 2, 3, 4, 5, 6, 7, 20];

    const longest = attempts.map((attempt) => backoffDelay(defaultBackoff, attempt, 0));
    const shortest = attempts.map((attempt) => backoffDelay(defaultBackoff, attempt, 1));

    expect(longest).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    expect(shortest).toEqual(longest.map((delay) => delay * 0.9));
  });

  it("SDK-2 it never gives up unless there is a maximum of attempts", () => {
    const bounded = { backoff: { ...defaultBackoff, attempts: 3 }, fallbackAfter: Number.POSITIVE_INFINITY };
    let state: ConnectionState = states.active;
    let attempts = 0;
    for (let next = step(state, events.dropped, bounded); next.state.name === "waiting"; attempts += 1) {
      const opening = step(step(next.state, events.due).state, events.token);
      next = step(opening.state, events.failed, bounded);
      state = next.state;
    }
    const later = { name: "opening", tries: { ...tries, attempt: 1_000_000 } } as const;

    expect(attempts).toBe(3);
    expect(state).toEqual({ name: "closed", reason: "attempts_exceeded" });
    expect(step(later, events.failed).state).toMatchObject({ name: "waiting", delayMs: 30_000 });
    expect(step({ ...later, name: "authenticating" }, events.noToken).state).toMatchObject({
      name: "waiting",
      delayMs: 30_000,
    });
  });

  it("SDK-10 it keeps trying while the browser reports that there is no network", () => {
    const lost = step(states.active, events.dropped, {}, true);
    const attempt = step(lost.state, events.due, {}, true);
    const opening = step(attempt.state, events.token, {}, true);
    const failed = step(opening.state, events.failed, {}, true);

    expect(lost).toMatchObject({
      state: { name: "offline", delayMs: 1_000 },
      effects: [{ do: "close" }, { do: "wait" }],
    });
    expect(failed).toMatchObject({
      state: { name: "offline", delayMs: 2_000 },
      effects: [{ do: "close" }, { do: "wait" }],
    });
  });

  it("SDK-2 it waits for the server's retryAfterMs", () => {
    const error = replyError("rate_limited", "later", { retryAfterMs: 5 });

    const dropped = step(states.active, { type: "dropped", reason: "server_shutdown", retryAfterMs: 321 });
    const refused = step(states.opening, { type: "refused", error });

    expect(dropped.state).toMatchObject({ name: "waiting", delayMs: 321 });
    expect(refused.state).toMatchObject({ name: "waiting", delayMs: 5 });
  });

  it("SDK-2 the delay starts again from 1 s only when the client has caught up with everything", () => {
    const restoring = step(states.opening, events.opened);

    const early = step(restoring.state, events.dropped);
    const late = step(step(restoring.state, events.restored).state, events.dropped);

    expect(early.state).toMatchObject({ tries: { attempt: 4 } });
    expect(late.state).toMatchObject({ tries: { attempt: 1 } });
  });

  it("SDK-3 after repeated failures of WebSockets it tries HTTP in the same attempt, and a WebSocket in the next", () => {
    const first = step(states.opening, events.failed);
    const second = step({ name: "opening", tries: { ...tries, blocked: 1 } }, events.failed);
    const overHttp = step(second.state, events.token);
    const neither = step(overHttp.state, events.failed);

    expect(first.state).toMatchObject({ name: "waiting", tries: { via: "websocket", blocked: 1 } });
    expect(second.state).toMatchObject({ name: "authenticating", tries: { via: "http", attempt: 3 } });
    expect(overHttp.effects).toEqual([{ do: "open", via: "http", token: "t" }]);
    expect(neither.state).toMatchObject({ name: "waiting", tries: { via: "websocket", attempt: 4 } });
  });

  it("SDK-3 it switches to a WebSocket that has opened", () => {
    const next = step({ name: "active", via: "http" }, events.upgraded);
    const settled = step(next.state, events.restored);

    expect(next).toMatchObject({ state: { name: "restoring" }, effects: [{ do: "restore" }] });
    expect(settled.state).toEqual({ name: "active", via: "websocket" });
  });
});
