import { z } from "zod";
import { Capability } from "../entities/capability.ts";
import { AttemptNumber, DispatchStatus, workFields } from "../entities/dispatch.ts";
import { exactlyOneOf } from "../exactly-one.ts";
import { AgentId, MessageId } from "../ids.ts";
import { JsonObject } from "../json.ts";
import { limits } from "../limits.ts";
import { QueryWait } from "./query.ts";

/** `POST /api/dispatches` */
export const CreateDispatchBody = exactlyOneOf(
  z.strictObject({
    agentId: AgentId.optional(),
    capability: Capability.optional(),
    ...workFields,
    context: JsonObject.default({}),
    timeoutMs: z
      .int()
      .min(1)
      .max(limits.dispatchTimeoutMsMax)
      .default(limits.dispatchTimeoutMsDefault)
      .describe("For the dispatch as a whole, all attempts and the waiting included."),
    maxAttempts: AttemptNumber.default(1),
    queue: z
      .boolean()
      .default(false)
      .describe("Whether to wait where no agent is connected; without it the answer is then `agent_offline`."),
    id: MessageId.optional().describe("Becomes the `messageId`; sent again, it names the same dispatch."),
  }),
  "agentId",
  "capability",
);
export type CreateDispatchBody = z.infer<typeof CreateDispatchBody>;

/** Its answer, 202. */
export const DispatchCreated = z.strictObject({ messageId: MessageId, status: DispatchStatus });
export type DispatchCreated = z.infer<typeof DispatchCreated>;

/** `GET /api/dispatches/:id`: waits until the dispatch has ended. */
export const DispatchQuery = z.strictObject({ wait: QueryWait });
