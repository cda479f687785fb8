import type { EventType } from "./event-type.ts";
import type { EventData } from "./events/catalogue.ts";
import type { EventId } from "./ids.ts";
import type { Position } from "./position.ts";
import type { RoomName } from "./room.ts";
import type { Sender } from "./sender.ts";

/** The one argument of the event named `type`. */
export interface Envelope<Type extends EventType = EventType> {
  id: EventId;
  type: Type;
  room: RoomName;
  /** Durable events only. */
  position?: Position;
  /** The server's clock, ISO 8601 UTC. */
  timestamp: string;
  /** `null`: the server itself. */
  sender: Sender | null;
  correlationId: string | null;
  data: EventData<Type>;
}

/** An envelope that is in a log. */
export type LoggedEnvelope<Type extends EventType = EventType> = Envelope<Type> & { position: Position };
