import { agentDisconnected, agentHeartbeatLost } from "../../shared/events/agent-events.ts";
import type { AgentId } from "../../shared/ids.ts";
import { agentRoom } from "../../shared/room.ts";
import type { Broadcast } from "../deliver/broadcast.ts";
import { stamp } from "../publish/stamp.ts";
import { type Clock, timestampAt } from "../runtime/clock.ts";
import type { Leases } from "../store/leases.ts";
import type { StoreTime } from "../store/store-time.ts";
import type { AgentDelivery } from "./agent-delivery.ts";
import { disconnected } from "./agents/agent-record.ts";
import type { Agents } from "./agents/agents.ts";
import type { DispatchLifecycle } from "./dispatch-lifecycle.ts";

interface AgentExpiryDeps {
  agents: Agents;
  lifecycle: Pick<DispatchLifecycle, "step">;
  agentDelivery: Pick<AgentDelivery, "reconcile">;
  leases: Leases;
  broadcast: Broadcast;
  clock: Clock;
  time: StoreTime;
  leaseMs: number;
}

/** Disconnects agents whose lease has expired, whichever instance they were connected to. */
export class AgentExpiry {
  readonly #deps: AgentExpiryDeps;

  constructor(deps: AgentExpiryDeps) {
    this.#deps = deps;
  }

  /**
   * Handles the due lease of an agent. If the agent was seen meanwhile, the lease is renewed. If not, the agent is
   * disconnected and its attempts are lost, so that its dispatches are assigned again, or end as `lost`.
   */
  async onDue(agentId: AgentId): Promise<void> {
    const { agents, leases, leaseMs, clock, time, agentDelivery, broadcast, lifecycle } = this.#deps;
    const found = await agents.get(agentId);
    if (!found) return leases.clear("agents", agentId);
    const left = found.value.lastSeen + leaseMs - time.now();
    if (left > 0) return leases.set("agents", [{ id: agentId, inMs: left }]);

    // `undefined` if the agent has left by itself, another instance has disconnected it already, or it was seen in time.
    const disconnectedNow = await agents.change(agentId, (before) => {
      if (before?.status !== "connected" || before.lastSeen + leaseMs > time.now()) return undefined;
      const { lastSeen } = before;
      const header = { room: agentRoom(agentId), sender: null };
      const reason = "heartbeat_lost";
      const events = [
        stamp(clock, agentHeartbeatLost, {
          ...header,
          data: { agentId, lastSeen: timestampAt(lastSeen) },
        }),
        stamp(clock, agentDisconnected, { ...header, data: { agentId, reason } }),
      ];
      return { record: disconnected(before, reason, "no heartbeat"), events };
    });
    const record = disconnectedNow ?? (await agents.get(agentId))?.value ?? found.value;
    if (record.status === "connected") return;
    if (disconnectedNow) broadcast.send({ kind: "agent", agentId });
    await agentDelivery.reconcile(agentId);
    const error = "its agent is gone";
    for (const { messageId, attempt } of record.inFlight) {
      await lifecycle.step(messageId, { type: "attempt_lost", agentId, attempt, error });
    }
    await leases.clear("agents", agentId);
    // If it has registered again meanwhile, what was cleared is the lease that it got then.
    const now = await agents.get(agentId);
    if (now?.value.status === "connected") await leases.set("agents", [{ id: agentId, inMs: leaseMs }]);
  }
}
