import { HlinkMessage, WebsocketAck } from "../entities/hlink.ts";
import { defineCommand } from "./define-command.ts";

export const sendHlinkMessage = defineCommand({
  name: "hlink_message",
  description: "Publishes an HLink message to its target.",
  payload: HlinkMessage,
  reply: WebsocketAck,
  room: ({ recipient }) => recipient.target,
});
