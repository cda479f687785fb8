import { afterEach, describe, expect, it } from "@jest/globals";
import { Keepalive } from "../../server/connect/keepalive.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { createTestSession } from "../support/test-session.ts";

let keepalive: Keepalive | undefined;
afterEach(() => keepalive?.close());

/** A session whose network takes what it is told to, looked at every second. */
function start() {
  const clock = new ManualClock();
  const { session, closedFor } = createTestSession({ clock });
  const waiting: { oldest: unknown } = { oldest: undefined };
  session.transport.oldestUnsent = () => waiting.oldest;
  const looking = new Keepalive({
    sessions: [session],
    clock,
    heartbeatIntervalMs: 3_600_000,
    backlogBytes: 1_000,
    backlogMs: 15_000,
  });
  keepalive = looking;
  const pass = (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      clock.advance(1_000);
      looking.check();
    }
  };
  return { waiting, closedFor, pass };
}

describe("a client with few bytes to read", () => {
  it("LIMIT-4 it is closed if it has read nothing for too long", () => {
    const { waiting, closedFor, pass } = start();

    waiting.oldest = {};
    pass(16);
    const before = [...closedFor];
    pass(1);

    expect([before, closedFor]).toEqual([[], ["slow_consumer"]]);
  });

  it("LIMIT-4 it stays connected while it reads something now and then, however long the whole takes", () => {
    const { waiting, closedFor, pass } = start();

    for (let i = 0; i < 20; i++) {
      waiting.oldest = i;
      pass(10);
    }
    waiting.oldest = undefined;
    pass(100);

    expect(closedFor).toEqual([]);
  });

  it("LIMIT-4 after it has read again it has the full time again", () => {
    const { waiting, closedFor, pass } = start();

    waiting.oldest = "a";
    pass(15);
    waiting.oldest = undefined;
    pass(1);
    waiting.oldest = "a";
    pass(15);

    expect(closedFor).toEqual([]);
  });
});
