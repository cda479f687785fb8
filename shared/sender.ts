import { z } from "zod";
import { AgentId, UserId } from "./ids.ts";

export const Sender = z
  .object({
    userId: UserId,
    name: z.string().nullable(),
    agentId: AgentId.nullable().describe("Set when the publisher is a registered agent."),
  })
  .meta({ id: "Sender", description: "The publisher of an event." });
export type Sender = z.infer<typeof Sender>;
