import { z } from "zod";
import { AgentId, UserId } from "./ids.ts";

/** Who published. `agentId` is set when a registered agent did. */
export const Sender = z.object({ userId: UserId, name: z.string().nullable(), agentId: AgentId.nullable() });
export type Sender = z.infer<typeof Sender>;
