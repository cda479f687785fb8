import { z } from "zod";
import { type AgentId, type ConversationId, Identifier, type StreamId, type TaskId, type UserId } from "./ids.ts";
import { limits } from "./limits.ts";

/** Kinds that are followed by an id: `conversation:42`. */
export const kindsWithId = ["conversation", "user", "task", "stream", "checkpoint", "agent"] as const;
/** Kinds that are a room by themselves. */
export const bareKinds = ["broadcast", "ui", "health", "alerts"] as const;

export type RoomKind = (typeof kindsWithId)[number] | (typeof bareKinds)[number];

/** The namespace that serves a room of this kind. All rooms of `/monitoring` share one log. */
export const namespaceOfKind = {
  conversation: "/chat",
  user: "/chat",
  broadcast: "/chat",
  ui: "/chat",
  task: "/monitoring",
  stream: "/monitoring",
  checkpoint: "/monitoring",
  agent: "/monitoring",
  health: "/monitoring",
  alerts: "/monitoring",
} as const satisfies Record<RoomKind, "/chat" | "/monitoring">;

export const RoomName = z
  .string()
  .max(limits.roomNameLength)
  // `abort`: what is refined further (a room of a certain kind) may rely on its being a room.
  .refine((text) => parseRoomParts(text) !== undefined, { error: "must be a room: a kind, or kind:id", abort: true })
  .brand<"RoomName">();
export type RoomName = z.infer<typeof RoomName>;

/** A log is named after the one room that it serves, or `monitoring`. */
export const LogName = z
  .string()
  .max(limits.roomNameLength)
  .refine((text) => text === "monitoring" || parseRoomParts(text) !== undefined, "must be a room, or monitoring")
  .brand<"LogName">();
export type LogName = z.infer<typeof LogName>;

export const monitoringLog = "monitoring" as LogName;

export interface Room {
  kind: RoomKind;
  /** Absent for a bare kind. */
  id: string | undefined;
}

/** Takes a checked name apart. */
export function parseRoom(name: RoomName): Room {
  const parts = parseRoomParts(name);
  if (!parts) throw new TypeError(`Not a room: ${name}`);
  return parts;
}

/** The kind that a room or a pattern begins with, if any. */
export function parseRoomKind(text: string): RoomKind | undefined {
  const [kind] = text.split(":", 1);
  return [...kindsWithId, ...bareKinds].find((known) => known === kind);
}

export function logOfRoom(name: RoomName): LogName {
  return namespaceOfKind[parseRoom(name).kind] === "/monitoring" ? monitoringLog : (name as string as LogName);
}

export function conversationRoom(id: ConversationId): RoomName {
  return `conversation:${id}` as RoomName;
}

export function userRoom(id: UserId): RoomName {
  return `user:${id}` as RoomName;
}

export function taskRoom(id: TaskId): RoomName {
  return `task:${id}` as RoomName;
}

export function streamRoom(id: StreamId): RoomName {
  return `stream:${id}` as RoomName;
}

/** All checkpoints of one task. */
export function checkpointRoom(id: TaskId): RoomName {
  return `checkpoint:${id}` as RoomName;
}

export function agentRoom(id: AgentId): RoomName {
  return `agent:${id}` as RoomName;
}

export const broadcastRoom = "broadcast" as RoomName;
export const uiRoom = "ui" as RoomName;
export const healthRoom = "health" as RoomName;
export const alertsRoom = "alerts" as RoomName;

function parseRoomParts(text: string): Room | undefined {
  const colon = text.indexOf(":");
  if (colon < 0) {
    const kind = bareKinds.find((bare) => bare === text);
    return kind && { kind, id: undefined };
  }
  const kind = kindsWithId.find((withId) => withId === text.slice(0, colon));
  const id = text.slice(colon + 1);
  return kind && Identifier.safeParse(id).success ? { kind, id } : undefined;
}
