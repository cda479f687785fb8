import { randomUUID } from "node:crypto";
import type { AgentVerdict } from "../../../shared/entities/agent.ts";
import { alertCreated, healthUpdate } from "../../../shared/events/health-events.ts";
import { alertsRoom, healthRoom } from "../../../shared/room.ts";
import type { Publisher } from "../../publish/publisher.ts";
import type { Failed } from "../../runtime/failed.ts";
import type { AgentRecord } from "./agent-record.ts";

const statusOf = { connected: "ok", heartbeating: "ok", progressing: "ok", stalled: "degraded", gone: "down" } as const;

/** Publishes a changed verdict in `health`, and a stalled agent in `alerts` too. */
export function createPublishVerdict({ publisher, failed }: { publisher: Publisher; failed: Failed }) {
  return ({ agentId, userId }: AgentRecord, { state, reason }: AgentVerdict): void => {
    const details = { agentId, verdict: state, reason };
    const data = { component: `agent:${agentId}`, status: statusOf[state], details };
    publisher.signal(healthUpdate, { room: healthRoom, sender: null, data });
    if (state !== "stalled") return;
    const alert = { alertId: randomUUID(), severity: "warning" as const, title: `Agent ${agentId} is stalled` };
    const alertData = { ...alert, details: { ...details, userId } };
    publisher
      .publish(alertCreated, { room: alertsRoom, sender: null, data: alertData })
      .catch((error: unknown) => failed("publish the alert of an agent", error, { willRetry: false, agentId }));
  };
}
