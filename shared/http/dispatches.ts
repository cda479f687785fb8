import { z } from "zod";
import { Capability } from "../entities/capability.ts";
import { AttemptNumber, DispatchStatus, workFields } from "../entities/dispatch.ts";
import { exactlyOne } from "../exactly-one.ts";
import { AgentId, MessageId } from "../ids.ts";
import { JsonObject } from "../json.ts";
import { limits } from "../limits.ts";
import { QueryWait } from "./query.ts";

/** `POST /api/dispatches` */
export const CreateDispatchBody = z
  .strictObject({
    agentId: AgentId.optional(),
    capability: Capability.optional(),
    ...workFields,
    context: JsonObject.default({}),
    /** For the dispatch as a whole, all attempts and the waiting included. */
    timeoutMs: z.int().min(1).max(limits.dispatchTimeoutMsMax).default(limits.dispatchTimeoutMsDefault),
    maxAttempts: AttemptNumber.default(1),
    /** Wait for the agent if it is not connected, where otherwise the answer is `agent_offline`. */
    queue: z.boolean().default(false),
    /** Becomes the `messageId`; sent again, it is the same dispatch. */
    id: MessageId.optional(),
  })
  .refine(exactlyOne("agentId", "capability"), "needs exactly one of agentId and capability");
export type CreateDispatchBody = z.infer<typeof CreateDispatchBody>;

/** Its answer, 202. */
export const DispatchCreated = z.strictObject({ messageId: MessageId, status: DispatchStatus });
export type DispatchCreated = z.infer<typeof DispatchCreated>;

/** `GET /api/dispatches/:id`: waits until the dispatch has ended. */
export const DispatchQuery = z.strictObject({ wait: QueryWait });
