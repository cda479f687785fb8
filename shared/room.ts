import { z } from "zod";
import { type AgentId, type ConversationId, Identifier, type StreamId, type TaskId, UserId } from "./ids.ts";
import { limits } from "./limits.ts";

/** Kinds that are followed by an id: `conversation:42`. */
export const kindsWithId = ["conversation", "user", "task", "stream", "checkpoint", "agent"] as const;
/** Kinds that are a room by themselves. */
export const bareKinds = ["broadcast", "ui", "health", "alerts"] as const;

export type RoomKind = (typeof kindsWithId)[number] | (typeof bareKinds)[number];

/** What a room of each kind is for. */
export const kindDescriptions: Readonly<Record<RoomKind, string>> = {
  conversation: "A conversation and its members.",
  user: "All connections of one user.",
  task: "One task.",
  stream: "One stream of tasks.",
  checkpoint: "The checkpoints of one task; the id is the task's.",
  agent: "One agent.",
  broadcast: "Every user of `/chat`.",
  ui: "User interfaces that follow HLink messages.",
  health: "The health of components.",
  alerts: "Alerts.",
};

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
  // `abort`: a further refinement (a room of a certain kind) may rely on the text being a room.
  .refine((text) => parseRoomParts(text) !== undefined, { error: "must be a room: a kind, or kind:id", abort: true })
  .meta({
    id: "RoomName",
    description: "A room: `kind:id`, such as `conversation:42`, or a kind without an id, such as `broadcast`.",
  })
  .brand<"RoomName">();
export type RoomName = z.infer<typeof RoomName>;

export const LogName = z
  .string()
  .max(limits.roomNameLength)
  .refine((text) => text === "monitoring" || parseRoomParts(text) !== undefined, "must be a room, or monitoring")
  .meta({ id: "LogName", description: "The room that the log serves, or `monitoring`." })
  .brand<"LogName">();
export type LogName = z.infer<typeof LogName>;

export const monitoringLog = "monitoring" as LogName;

interface Room {
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

/** The kind at the beginning of a room or a pattern; `undefined` where there is none. */
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
  const Id = kind === "user" ? UserId : Identifier;
  return kind && Id.safeParse(id).success ? { kind, id } : undefined;
}
