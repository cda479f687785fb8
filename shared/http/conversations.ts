import { addMembers, createConversation, sendChatMessage } from "../commands/chat-commands.ts";

// The commands of /chat, with the conversation in the path.

/** `POST /api/conversations` */
export const CreateConversationBody = createConversation.payload;

/** `POST /api/conversations/:id/members` */
export const AddMembersBody = addMembers.payload.omit({ conversationId: true });

/** `POST /api/conversations/:id/messages` */
export const SendMessageBody = sendChatMessage.payload.omit({ conversationId: true });
