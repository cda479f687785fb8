import { z } from "zod";
import { AgentId, InstanceId, UserId } from "../ids.ts";
import { JsonObject, Timestamp } from "../json.ts";
import { limits } from "../limits.ts";
import { Capabilities } from "./capability.ts";
import { Attempt, DispatchStatus } from "./dispatch.ts";

/** What an agent says of itself when it registers. */
export const agentFields = {
  agentId: AgentId,
  capabilities: Capabilities,
  workdir: z.string().max(limits.pathLength).optional(),
  metadata: JsonObject.optional(),
};

/** How many dispatches an agent takes at once. */
export const Concurrency = z.int().min(1).max(limits.inFlight);

/**
 * Whether an agent works or only looks as if it did. `progressing`: it has something in flight and told of progress;
 * `stalled`: it has, and tells of none; `heartbeating` and `connected`: nothing is known but that it is there.
 */
export const AgentVerdict = z.strictObject({
  state: z.enum(["connected", "heartbeating", "progressing", "stalled", "gone"]),
  reason: z.string(),
});
export type AgentVerdict = z.infer<typeof AgentVerdict>;

/** A registered agent as it is listed: connected, or lately gone. */
export const Agent = z.strictObject({
  ...agentFields,
  /** `sub` of its token: the same may replace it, another may not. */
  userId: UserId,
  status: z.enum(["connected", "disconnected", "heartbeat_lost"]),
  concurrency: Concurrency,
  inFlight: z.array(Attempt.extend({ status: DispatchStatus })).max(limits.inFlight),
  /** Where it is connected; absent for one that is gone. */
  instanceId: InstanceId.optional(),
  connectedAt: Timestamp,
  lastSeen: Timestamp,
  verdict: AgentVerdict,
});
export type Agent = z.infer<typeof Agent>;
