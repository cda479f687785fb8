import type { Hlink } from "../../publications/hlink.ts";
import { senderOf } from "../../session/principal.ts";
import type { Handlers } from "../handler.ts";

export interface HlinkHandlersDeps {
  hlink: Hlink;
}

/** SPEC HLINK-1 to HLINK-4. */
export function createHlinkHandlers({ hlink }: HlinkHandlersDeps) {
  return {
    hlink_message: async (message, { principal, connectionId }) => {
      const author = { principal, sender: senderOf(principal) };
      const { position, timestamp } = await hlink.publish(message, author);
      return { type: "websocket_ack", connection_id: connectionId, timestamp, position };
    },
  } satisfies Partial<Handlers<"/chat">>;
}
