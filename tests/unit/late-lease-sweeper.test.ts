import { afterEach, describe, expect, it } from "@jest/globals";
import { createMemoryBroadcast } from "../../server/deliver/memory-broadcast.ts";
import { LeaseSweeper } from "../../server/dispatch/lease-sweeper.ts";
import { createMemoryLeases } from "../../server/store/memory-leases.ts";

let sweeper: LeaseSweeper | undefined;
afterEach(() => sweeper?.close());

const leaseMs = 30_000;
const heartbeatIntervalMs = 10_000;

/** The leases of an agent, a dispatch and a response that are renewed by nobody, swept every second while the process is awake. */
async function start() {
  let processMs = 0;
  const time = { now: () => processMs };
  const leases = createMemoryLeases({ time });
  const expired: string[] = [];
  const onDue = async (id: string) => void expired.push(id);
  const sweeping = new LeaseSweeper({
    leases,
    agents: { evaluate: async () => {} } as never,
    lifecycle: { onDue },
    agentExpiry: { onDue },
    abandonedResponses: { onDue },
    agentDelivery: { reconcile: async () => {}, reconcileAll: async () => [] },
    scheduler: { assignWaiting: async () => {}, assignWaitingFor: async () => {} },
    waiters: { wake: () => {} },
    broadcast: createMemoryBroadcast(),
    leaseMs,
    heartbeatIntervalMs,
    processMs: () => processMs,
    failed: () => {},
  });
  sweeper = sweeping;
  for (const queue of ["agents", "dispatches", "responses"] as const)
    await leases.set(queue, [{ id: queue, inMs: leaseMs }]);
  const sleep = async (ms: number) => {
    processMs += ms;
    await sweeping.sweep();
  };
  const stayAwake = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 1_000) await sleep(1_000);
  };
  return { leases, expired, sleep, stayAwake };
}

describe("a sweep of leases", () => {
  it("CONN-13 an awake process claims what is due", async () => {
    const { expired, stayAwake } = await start();

    await stayAwake(leaseMs - 1_000);
    const before = [...expired];
    await stayAwake(1_000);

    expect([before, expired]).toEqual([[], ["dispatches", "agents", "responses"]]);
  });

  it.each([20_000, 60_000, 86_400_000])(
    "CONN-13 after a sleep of %i ms agents have the time of a heartbeat",
    async (sleptMs) => {
      const { leases, expired, sleep, stayAwake } = await start();
      await stayAwake(leaseMs - 1_000);

      await sleep(sleptMs);
      await stayAwake(heartbeatIntervalMs);
      const before = [...expired];
      await leases.set("agents", [{ id: "agents", inMs: leaseMs }]);
      await stayAwake(2_000);

      expect([before, expired]).toEqual([[], ["dispatches", "responses"]]);
    },
  );
});
