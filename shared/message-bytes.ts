import { z } from "zod";
import { sendResponse } from "./commands/agent-commands.ts";
import { createConversation, sendChatMessage, sendChatResponse } from "./commands/chat-commands.ts";
import type { AnyCommand } from "./commands/define-command.ts";
import { sendHlinkMessage } from "./commands/hlink-command.ts";
import { publishEvents } from "./commands/http-commands.ts";
import { EventType } from "./event-type.ts";
import { events } from "./events/catalogue.ts";
import { EventToPublish } from "./http/events.ts";
import { bytesOfLongest, type JsonShape, type Oversized, oversizedPart } from "./json-shape.ts";
import { limits } from "./limits.ts";
import type { Role } from "./role.ts";

// The contract limits characters and items. The maximum size of a message in bytes follows from that, and is computed
// here. `LIMIT_MESSAGE_BYTES` limits the parts without a length of their own: the free-form JSON of the application. A
// value below the default limits whole messages.

const isOfWholeMessages = (messageBytes: number) => messageBytes < limits.messageBytesDefault;

/** Bytes around a payload: the fields of its frame, and white space. */
const aroundBytes = 65_536;

/** The maximum size of a command's message at any door, in bytes. */
export function bytesOfCommand(definition: AnyCommand, messageBytes: number): number {
  const least = Math.max(messageBytes, definition.messageBytes ?? 0);
  if (isOfWholeMessages(messageBytes)) return least;
  if (definition.name === publishEvents.name) return bytesOfEvent(messageBytes);
  return Math.max(least, aroundBytes + bytesOfLongest(shapeOf(definition.payload), messageBytes));
}

/** Bytes of an event that another program publishes, and of a list of them: the largest has the most. */
export function bytesOfEvent(messageBytes: number): number {
  if (isOfWholeMessages(messageBytes)) return messageBytes;
  return aroundBytes + bytesOfLongest(shapeOf(events[EventType.ChatResponse].data), messageBytes);
}

/** The commands with the largest messages: of roles that write responses, and of all others. */
const largest = {
  writers: [sendChatResponse, sendResponse],
  others: [sendChatMessage, createConversation, sendHlinkMessage],
};

/**
 * The maximum size of a message from a client with these roles, in bytes, except for commands whose definition allows
 * more. A door accepts a frame or a body of this size from an authenticated client.
 */
export function bytesOfLargest(roles: readonly Role[], messageBytes: number): number {
  if (isOfWholeMessages(messageBytes)) return messageBytes;
  const isWriter = roles.some((role) => sendChatResponse.roles?.includes(role));
  const commands = isWriter ? largest.writers : largest.others;
  const bytes = commands.map((definition) => bytesOfCommand(definition, messageBytes));
  return Math.max(...bytes, isWriter ? bytesOfEvent(messageBytes) : 0);
}

/** The first part of a command's payload that is too large on its own. The payload need not be valid. */
export function oversizedPartOf(
  { name, payload: schema }: AnyCommand,
  payload: unknown,
  messageBytes: number,
): Oversized | undefined {
  const list = name === publishEvents.name ? (payload as { events?: unknown } | undefined)?.events : undefined;
  return Array.isArray(list)
    ? oversizedPartOfEvents(list, messageBytes, ["events"])
    : oversizedPartOfBody(schema, payload, messageBytes);
}

/** The same for the body of a request. */
export function oversizedPartOfBody(schema: z.ZodType, body: unknown, messageBytes: number): Oversized | undefined {
  return oversizedPart(shapeOf(schema), body, messageBytes);
}

/** The same for events to publish, whose data their types describe. */
export function oversizedPartOfEvents(
  list: readonly unknown[],
  messageBytes: number,
  path: readonly string[] = [],
): Oversized | undefined {
  for (const [index, event] of list.entries()) {
    const part = oversizedPartOfEvent(event, messageBytes, [...path, `${index}`]);
    if (part) return part;
  }
  return undefined;
}

/** The same for one event. */
export function oversizedPartOfEvent(
  event: unknown,
  messageBytes: number,
  path: readonly string[] = [],
): Oversized | undefined {
  const { type, data } = (event ?? {}) as { type?: unknown; data?: unknown };
  if (!isEventType(type)) return oversizedPart(shapeOf(EventToPublish), event, messageBytes, path);
  return (
    oversizedPart(shapeOf(events[type].data), data, messageBytes, [...path, "data"]) ??
    oversizedPart(shapeOf(EventToPublish), { ...(event as object), data: {} }, messageBytes, path)
  );
}

const isEventType = (type: unknown): type is EventType => typeof type === "string" && Object.hasOwn(events, type);

const shapes = new WeakMap<z.ZodType, JsonShape>();

/** Created when first needed, since most messages are small. */
function shapeOf(schema: z.ZodType): JsonShape {
  const known = shapes.get(schema);
  if (known) return known;
  const shape = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonShape;
  shapes.set(schema, shape);
  return shape;
}
