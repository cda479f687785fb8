import { afterEach, describe, expect, it } from "@jest/globals";
import { Keepalive } from "../../server/connect/keepalive.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { createTestSession } from "../support/test-session.ts";

let keepalive: Keepalive | undefined;
afterEach(() => keepalive?.close());

const heartbeatIntervalMs = 25_000;
const silenceMs = 2 * heartbeatIntervalMs + 10_000;

/** A session that sends nothing by itself, looked at every second while the process is awake. */
function start() {
  const clock = new ManualClock();
  const { session, sent, closedFor } = createTestSession({ clock });
  let processMs = 0;
  const looking = new Keepalive({
    sessions: [session],
    clock,
    heartbeatIntervalMs,
    backlogBytes: 1_000,
    backlogMs: 15_000,
    processMs: () => processMs,
  });
  keepalive = looking;
  const sleep = (ms: number) => {
    clock.advance(ms);
    processMs += ms;
    looking.check();
  };
  const stayAwake = (ms: number) => {
    for (let passed = 0; passed < ms; passed += 1_000) sleep(1_000);
  };
  return { session, sent, closedFor, sleep, stayAwake };
}

describe("the keepalive after the process was suspended", () => {
  it.each([10_000, 300_000, 3_000_000])(
    "CONN-13 it pings after %i ms, and closes clients that do not answer then",
    (sleptMs) => {
      const { sent, closedFor, sleep, stayAwake } = start();
      stayAwake(silenceMs - 1_000);
      sent.length = 0;

      sleep(sleptMs);
      const asked = sent.map(({ name }) => name);
      stayAwake(silenceMs - heartbeatIntervalMs);
      const before = [...closedFor];
      stayAwake(1_000);

      expect(asked).toEqual(["system.ping"]);
      expect([before, closedFor]).toEqual([[], ["heartbeat_lost"]]);
    },
  );

  it("CONN-13 clients that answer stay connected", () => {
    const { session, sent, closedFor, sleep, stayAwake } = start();
    stayAwake(silenceMs - 1_000);

    sleep(300_000);
    session.lastSeenMs = Number.POSITIVE_INFINITY;
    stayAwake(2 * silenceMs);

    expect(closedFor).toEqual([]);
    expect(sent.at(-1)?.name).toBe("system.ping");
  });

  it("CONN-13 a client that had read nothing before has the full time again", () => {
    const { session, closedFor, sleep, stayAwake } = start();
    session.lastSeenMs = Number.POSITIVE_INFINITY;
    session.transport.oldestUnsent = () => "the same";
    stayAwake(10_000);

    sleep(60_000);
    stayAwake(15_000);
    const before = [...closedFor];
    stayAwake(1_000);

    expect([before, closedFor]).toEqual([[], ["slow_consumer"]]);
  });
});
