import { type ConversationHandlersDeps, createConversationHandlers } from "./conversation-handlers.ts";
import { createHlinkHandlers, type HlinkHandlersDeps } from "./hlink-handlers.ts";
import { createMessageHandlers, type MessageHandlersDeps } from "./message-handlers.ts";
import { createRoomHandlers, type RoomHandlersDeps } from "./room-handlers.ts";

/** Every command of `/chat`. */
export function createChatHandlers(
  deps: ConversationHandlersDeps & RoomHandlersDeps & MessageHandlersDeps & HlinkHandlersDeps,
) {
  return {
    ...createConversationHandlers(deps),
    ...createRoomHandlers(deps),
    ...createMessageHandlers(deps),
    ...createHlinkHandlers(deps),
  };
}
