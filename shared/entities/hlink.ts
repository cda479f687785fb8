import { z } from "zod";
import { AgentId, ConnectionId } from "../ids.ts";
import { JsonObject, Timestamp } from "../json.ts";
import { limits } from "../limits.ts";
import { Link } from "../link.ts";
import { Position } from "../position.ts";
import { parseRoom, RoomName } from "../room.ts";

const HlinkTarget = RoomName.refine(
  (room) => ["conversation", "user", "ui"].includes(parseRoom(room).kind),
  "must be a conversation, a user or ui",
).describe("A room `conversation:…` or `user:…`, or `ui`.");

const addressFields = {
  sender: z.strictObject({ agent_id: AgentId, role: z.string().min(1).max(limits.nameLength) }),
  recipient: z.strictObject({ target: HlinkTarget, agent_id: AgentId.optional() }),
  timestamp: z.iso
    .datetime({ offset: true, local: true })
    .optional()
    .describe("The sender's clock, passed on unchanged; ISO 8601, with any offset or none."),
  metadata: JsonObject.optional(),
};

const content = z.string().min(1).max(limits.messageLength);
const assetType = z.string().min(1).max(limits.nameLength);

const payloadFields = {
  content: content.optional(),
  asset_type: assetType.optional(),
  url: Link.optional(),
  alt_text: z.string().max(limits.textLength).optional(),
  agent_id: AgentId.optional(),
};

const textPayload = z.strictObject({ ...payloadFields, content });
const assetPayload = z.strictObject({ ...payloadFields, asset_type: assetType, url: Link });
const statusPayload = z.strictObject(payloadFields);

/** Its names are snake_case, as other programs write them. Source: protocol section 6.3. */
export const HlinkMessage = z
  .discriminatedUnion("type", [
    z.strictObject({ type: z.literal("user_message"), payload: textPayload, ...addressFields }),
    z.strictObject({ type: z.literal("narrative.text"), payload: textPayload, ...addressFields }),
    z.strictObject({ type: z.literal("expert.response"), payload: textPayload, ...addressFields }),
    z.strictObject({ type: z.literal("visual.asset"), payload: assetPayload, ...addressFields }),
    z.strictObject({ type: z.literal("system.status"), payload: statusPayload, ...addressFields }),
  ])
  .meta({ id: "HlinkMessage", description: "A message between user interfaces and backends." });
export type HlinkMessage = z.infer<typeof HlinkMessage>;
type HlinkType = HlinkMessage["type"];

const types: ReadonlySet<string> = new Set(HlinkMessage.options.map((option) => option.shape.type.value));

/** Whether a frame of `/ws` with this type is an HLink message and not a command. */
export function isHlinkType(type: string): type is HlinkType {
  return types.has(type);
}

export const WebsocketAck = z
  .strictObject({
    type: z.literal("websocket_ack"),
    connection_id: ConnectionId,
    timestamp: Timestamp,
    position: Position,
  })
  .meta({
    id: "WebsocketAck",
    description: "The HLink message is in the log of its target and, with Redis, in the stream for other services.",
  });
export type WebsocketAck = z.infer<typeof WebsocketAck>;
