import { describe, expect, it } from "@jest/globals";
import { type SignsOfLife, verdictOf } from "../../server/dispatch/agents/verdict.ts";

const now = 1_000_000;
const stallMs = 60_000;
const idle: SignsOfLife = { status: "connected", connectedAt: now - 500_000, lastSeen: now - 10, inFlight: [] };
const given = (agoMs: number) => ({ inFlight: [{ since: now - agoMs }] });

describe("the verdict on an agent", () => {
  it.each<[string, SignsOfLife, string]>([
    ["has only registered", idle, "connected"],
    ["sends heartbeats", { ...idle, heartbeatAt: now - 10 }, "heartbeating"],
    ["was just given something", { ...idle, heartbeatAt: now - 10, ...given(100) }, "heartbeating"],
    ["was just given something, and is silent", { ...idle, ...given(100) }, "connected"],
    ["tells of progress", { ...idle, ...given(300_000), progressAt: now - 59_000 }, "progressing"],
    [
      "told of progress long ago",
      { ...idle, heartbeatAt: now, ...given(300_000), progressAt: now - 61_000 },
      "stalled",
    ],
    ["never told of any", { ...idle, heartbeatAt: now, ...given(61_000) }, "stalled"],
    ["was idle for long, and has got something new", { ...idle, ...given(10), progressAt: now - 300_000 }, "connected"],
    ["has done everything", { ...idle, heartbeatAt: now - 10, progressAt: now - 300_000 }, "heartbeating"],
    ["has left", { ...idle, status: "disconnected", goneBecause: "transport close", ...given(300_000) }, "gone"],
    ["was given up", { ...idle, status: "heartbeat_lost", goneBecause: "no heartbeat" }, "gone"],
  ])("AGENT-9 the verdict on an agent that %s", (_what, signs, expected) => {
    const { state, reason } = verdictOf(signs, now, stallMs);

    expect(state).toBe(expected);
    expect(reason).toMatch(/ /);
  });
});
