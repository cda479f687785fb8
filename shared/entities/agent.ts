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

export const Concurrency = z
  .int()
  .min(1)
  .max(limits.inFlight)
  .describe("The number of dispatches that the agent takes at once.");

export const AgentVerdict = z
  .strictObject({
    state: z.enum(["connected", "heartbeating", "progressing", "stalled", "gone"]),
    reason: z.string().describe("For people."),
  })
  .meta({
    id: "AgentVerdict",
    description:
      "Whether an agent works or only looks as if it did. `progressing`: it has something in flight and reported progress; `stalled`: it has, and reported none for `AGENT_STALL_SECONDS`; `heartbeating` and `connected`: it is there, and nothing more is known; `gone`: it is not.",
  });
export type AgentVerdict = z.infer<typeof AgentVerdict>;

export const Agent = z
  .strictObject({
    ...agentFields,
    userId: UserId.describe("The `sub` of the agent's token. The same user may replace the agent; another may not."),
    status: z.enum(["connected", "disconnected", "heartbeat_lost"]),
    concurrency: Concurrency,
    inFlight: z.array(Attempt.extend({ status: DispatchStatus })).max(limits.inFlight),
    instanceId: InstanceId.optional().describe("Where the agent is connected; absent for one that is gone."),
    connectedAt: Timestamp,
    lastSeen: Timestamp,
    verdict: AgentVerdict,
  })
  .meta({ id: "Agent", description: "A registered agent: connected, or lately gone." });
export type Agent = z.infer<typeof Agent>;
