import type { IncomingMessage, ServerResponse } from "node:http";
import type { Envelope } from "../../../shared/envelope.ts";
import type { EventType } from "../../../shared/event-type.ts";
import type { EventsQuery } from "../../../shared/http/events.ts";
import { Rejection } from "../../../shared/rejection.ts";
import type { ReplyError } from "../../../shared/reply.ts";
import { logOfRoom, monitoringLog } from "../../../shared/room.ts";
import type { Admission } from "../../connect/admission.ts";
import type { Connector } from "../../connect/connector.ts";
import { headerToken } from "../../connect/header-token.ts";
import type { Origins } from "../../connect/origins.ts";
import type { Sink } from "../../deliver/sink.ts";
import type { Router } from "../../route/router.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Channel } from "../../session/channel.ts";
import { EventStream, retryMs } from "./event-stream.ts";
import { frameOf, retryFrameOf, startEventStream, systemFrameOf } from "./event-stream-frames.ts";

interface EventStreamDoorOptions {
  connector: Connector;
  admission: Admission;
  origins: Origins;
  router: Router;
  clock: Clock;
  /** Unsent bytes that a reader may have. */
  backlogBytes: number;
  /** `deliveries` is incremented for every event written. */
  counters: { deliveries: number };
}

interface EventStreamDoor extends Sink {
  /** Serves a request whose query is parsed. Rejects before anything is written when it is refused. */
  serve(request: IncomingMessage, response: ServerResponse, query: EventsQuery): Promise<void>;
  /** Responds with a stream that contains the error and the time to reconnect, and ends. */
  refuse(response: ServerResponse, error: ReplyError): void;
  close(): void;
}

/** The door for readers of `text/event-stream`: each connection runs one command, then only receives. */
export function createEventStreamDoor(options: EventStreamDoorOptions): EventStreamDoor {
  const { connector, admission, origins, router, clock, backlogBytes, counters } = options;
  const members = new Map<Channel, Set<EventStream>>();
  const open = new Set<EventStream>();

  return {
    async serve(request, response, { topics, types, after, limit }) {
      const refused = admission.refusalOf(request);
      if (refused)
        throw new Rejection(refused.status === 429 ? "limit_exceeded" : "unavailable", `${refused.message}.`);
      const place = admission.entered(request);
      response.once("close", () => admission.left(place));
      const source = "room" in topics ? logOfRoom(topics.room) : monitoringLog;
      const opened = await connector.open({
        token: headerToken(request, origins),
        door: "/api/events",
        namespaces: ["room" in topics ? "/chat" : "/monitoring"],
        autoJoin: false,
      });
      // The reader may have disconnected during the await, and its close event is over.
      if (response.destroyed) return opened.abandon();
      const { session } = opened;
      const filter: ReadonlySet<EventType> | undefined = types && new Set(types);
      const stream = new EventStream({ response, session, members, clock, backlogBytes, source, types: filter });
      open.add(stream);
      session.onClose(() => open.delete(stream));
      opened.activate(stream);
      const command =
        "room" in topics
          ? { name: "join_room", payload: { room: topics.room } }
          : { name: "subscribe", payload: { id: "stream", topics: topics.topics, ...(types && { types }) } };
      await stream.follow(after, limit, (place, respond) =>
        router.handle({ session, command: command.name, payload: { ...command.payload, ...place }, bytes: 0 }, respond),
      );
    },

    refuse(response, error) {
      startEventStream(response);
      response.end(retryFrameOf(retryMsOf(error)) + systemFrameOf("system.error", { command: null, error }));
    },

    deliver(event: Envelope, channels: readonly Channel[]) {
      const [first, ...rest] = channels.map((channel) => members.get(channel)).filter((found) => found !== undefined);
      if (!first) return;
      const subscribers = rest.length === 0 ? first : new Set([first, ...rest].flatMap((found) => [...found]));
      const frame = frameOf(event);
      for (const stream of subscribers) stream.deliver(event.type, frame);
      counters.deliveries += subscribers.size;
    },

    close() {
      for (const stream of open) stream.close("server_shutdown");
    },
  };
}

function retryMsOf({ details }: ReplyError): number {
  const requestedMs =
    typeof details === "object" && details !== null && "retryAfterMs" in details && details.retryAfterMs;
  return Math.max(retryMs(), Number(requestedMs));
}
