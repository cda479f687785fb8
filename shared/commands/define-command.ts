import type { z } from "zod";
import type { Role } from "../role.ts";
import type { RoomName } from "../room.ts";

/** Exported because the type declarations of the client package name it. */
export interface CommandDefinition<Name extends string, Payload extends z.ZodType, Data extends z.ZodType> {
  name: Name;
  /** What it does, for the documents; its first sentence is the summary. */
  description: string;
  /** Roles that may use it, where not everybody in its namespace may. */
  roles?: readonly Role[];
  payload: Payload;
  /** Bytes of its message, where it may have more than others. */
  messageBytes?: number;
  /** `data` of the reply. */
  reply: Data;
  /** The room it is about. Commands of one connection about one room are carried out in the order in which they came. */
  room?: (payload: z.output<Payload>) => RoomName;
  /** The same for a command that is not about one room but about a subscription, a dispatch, an agent: equal keys keep their order. */
  orderedBy?: (payload: z.output<Payload>) => string | undefined;
  /** All that it does is to add to the room's log: its order is that of the events there, and several may be under way. */
  adds?: true;
}

export function defineCommand<const Name extends string, Payload extends z.ZodType, Data extends z.ZodType>(
  definition: CommandDefinition<Name, Payload, Data>,
): CommandDefinition<Name, Payload, Data> {
  return definition;
}

// These two functions are contravariant in the payload, so "any command" leaves them out.
export type AnyCommand = Omit<CommandDefinition<string, z.ZodType, z.ZodType>, "room" | "orderedBy">;
