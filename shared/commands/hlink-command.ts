import { HlinkMessage, WebsocketAck } from "../entities/hlink.ts";
import { defineCommand } from "./define-command.ts";

export const sendHlinkMessage = defineCommand({
  name: "hlink_message",
  payload: HlinkMessage,
  reply: WebsocketAck,
  room: ({ recipient }) => recipient.target,
});
