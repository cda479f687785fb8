import type { z } from "zod";
import type { EventType } from "../event-type.ts";
import type { Role } from "../role.ts";
import type { RoomKind } from "../room.ts";

export interface EventDefinition<Type extends EventType, Data extends z.ZodType, Durable extends boolean> {
  type: Type;
  /** What has happened, for the documents. */
  description: string;
  /** Kinds of room that the event may be published to. */
  rooms: readonly RoomKind[];
  /** Durable events have a position and survive reconnects; ephemeral ones may be lost. */
  durable: Durable;
  /** Roles that may publish it by a command or by HTTP; empty: only the server itself, as a consequence of something else. */
  publishers: readonly Role[];
  data: Data;
}

export function defineEvent<const Type extends EventType, Data extends z.ZodType, const Durable extends boolean>(
  definition: EventDefinition<Type, Data, Durable>,
): EventDefinition<Type, Data, Durable> {
  return definition;
}

export type AnyEvent = EventDefinition<EventType, z.ZodType, boolean>;
