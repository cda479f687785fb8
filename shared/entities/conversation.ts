import { z } from "zod";
import { ConversationId, UserId } from "../ids.ts";
import { Timestamp } from "../json.ts";
import { limits } from "../limits.ts";

/** A room with members: only they, and the roles `admin` and `service`, read and write it. A public one may be joined by any `user`. */
export const Conversation = z.object({
  id: ConversationId,
  title: z.string().max(limits.titleLength).optional(),
  members: z.array(UserId),
  public: z.boolean(),
  createdBy: UserId,
  createdAt: Timestamp,
});
export type Conversation = z.infer<typeof Conversation>;

/** Not blank, and free of control characters, since it is shown in lists and notifications. */
export const ConversationTitle = z
  .string()
  .max(limits.titleLength)
  .regex(/\S/, "must not be blank")
  .regex(/^[^\p{Cc}]*$/u, "must not contain control characters");
