import { z } from "zod";
import { ConversationId, UserId } from "../ids.ts";
import { Timestamp } from "../json.ts";
import { limits } from "../limits.ts";

export const Conversation = z
  .object({
    id: ConversationId,
    title: z.string().max(limits.titleLength).optional(),
    members: z.array(UserId),
    public: z.boolean().describe("Whether any `user` may join."),
    createdBy: UserId,
    createdAt: Timestamp,
  })
  .meta({
    id: "Conversation",
    description:
      "A room with members. They, `admin` and `service` read and write it, and so does any `user` where it is public, and a token with a grant for it.",
  });
export type Conversation = z.infer<typeof Conversation>;

/** Not blank, and free of control characters, since it is shown in lists and notifications. */
export const ConversationTitle = z
  .string()
  .max(limits.titleLength)
  .regex(/\S/, "must not be blank")
  .regex(/^[^\p{Cc}]*$/u, "must not contain control characters");
