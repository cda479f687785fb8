import { describe, expect, it } from "@jest/globals";
import { AgentExpiry } from "../../server/dispatch/agent-expiry.ts";
import type { AgentRecord } from "../../server/dispatch/agents/agent-record.ts";
import { Agents } from "../../server/dispatch/agents/agents.ts";
import { systemClock } from "../../server/runtime/clock.ts";
import type { AgentId, MessageId, UserId } from "../../shared/ids.ts";
import { openStore, stores } from "../support/stores.ts";

const agentId = "solver" as AgentId;
const leaseMs = 30_000;

describe.each(stores)("an agent whose lease has run out (%s)", (name) => {
  it("AGENT-5 keeps the lease that it gets when it registers again while its work is taken away", async () => {
    const { documents, transactions, leases, broadcast, time } = await openStore(name);
    const agents = new Agents({ documents, transactions, time, stallMs: 60_000, onVerdict: () => {} });
    const messageId = "work" as MessageId;
    const silent = {
      ...{ agentId, userId: "bot" as UserId, name: null, capabilities: [], concurrency: 1, status: "connected" },
      ...{ connectedAt: 0, lastSeen: time.now() - leaseMs, inFlight: [{ messageId, attempt: 1, since: 0 }] },
    } as unknown as AgentRecord;
    await agents.change(agentId, () => ({ record: silent, events: [] }));
    await leases.set("agents", [{ id: agentId, inMs: -1 }]);
    const registerAgain = async () => {
      const record = { ...silent, lastSeen: time.now(), inFlight: [] };
      await leases.set("agents", [{ id: agentId, inMs: leaseMs }]);
      await agents.change(agentId, () => ({ record, events: [] }));
    };
    const lost: MessageId[] = [];
    const expiry = new AgentExpiry({
      ...{ agents, leases, broadcast, time, leaseMs, clock: systemClock },
      agentDelivery: { reconcile: async () => {} },
      lifecycle: {
        step: async (id) => {
          lost.push(id);
          await registerAgain();
          return { refused: "stale" };
        },
      },
    });

    await expiry.onDue(agentId);

    expect(lost).toEqual([messageId]);
    expect(await leases.size("agents")).toBe(1);
    expect(await leases.claim("agents", 1, 1_000)).toEqual([]);
  });
});
