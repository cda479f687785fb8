import { z } from "zod";
import type { Envelope } from "../envelope.ts";
import type { EventType } from "../event-type.ts";
import { limits } from "../limits.ts";
import type { Reply } from "../reply.ts";
import type { SystemMessageData, SystemMessageName } from "../system-message.ts";

/** What a client of `/ws` sends, where it is not an HLink message. Without `id` there is no reply, as without a callback. */
export const ClientFrame = z.strictObject({
  /** A command of `/chat` or `/monitoring`. */
  type: z.string().min(1).max(limits.identifierLength),
  id: z.string().optional(),
  /** Checked against the command's own schema. */
  payload: z.unknown().optional(),
});
export type ClientFrame = z.infer<typeof ClientFrame>;

/** `id` is that of the frame it answers. */
export interface ReplyFrame {
  type: "reply";
  id: string;
  payload: Reply<unknown>;
}

/** An envelope; its room is called `topic` here and its type `eventType`. */
export interface EventFrame<Type extends EventType = EventType> {
  type: "event";
  timestamp: string;
  payload: { topic: Envelope["room"]; eventType: Type } & Pick<Envelope<Type>, "data" | "id" | "position" | "sender">;
}

export type SystemFrame = {
  [Name in SystemMessageName]: { type: Name; timestamp: string; payload: SystemMessageData<Name> };
}[SystemMessageName];

/** What the server of `/ws` sends; an HLink message is answered by its `websocket_ack` instead. */
export type ServerFrame = ReplyFrame | EventFrame | SystemFrame;
