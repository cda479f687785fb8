import type { CommandData } from "../../shared/commands/catalogue.ts";
import type { Envelope } from "../../shared/envelope.ts";
import type { Link } from "../transport/transport.ts";
import { Feed, type FeedDeps } from "./feed.ts";
import type { GetState } from "./gap.ts";
import type { JoinReply } from "./log-subscription.ts";

/** The reply to joining a room of `/chat`. */
export type RoomReply = Omit<CommandData<"/chat", "join_room">, "events"> & JoinReply;

interface RoomFeedOptions {
  /** The room's name. The user's own room is unknown until the server has sent the user id. */
  room: () => string | undefined;
  /** The key of its stored position. */
  name: string;
  recent: number;
  getState?: GetState | undefined;
}

/** Feed of a room of `/chat`. Each room has its own log. */
export function createRoomFeed({ room, name, recent, getState }: RoomFeedOptions, deps: FeedDeps): Feed<RoomReply> {
  return new Feed<RoomReply>(
    {
      namespace: "/chat",
      log: room,
      name,
      isContiguous: true,
      recent,
      getState,
      accepts: (envelope: Envelope) => envelope.room === room(),
      join(link: Link, from, answer) {
        link.command("/chat", "join_room", { room: room(), ...from }, (reply) => {
          answer(reply as Parameters<typeof answer>[0]);
        });
      },
      leave: (link: Link) => link.command("/chat", "leave_room", { room: room() }, () => {}),
    },
    deps,
  );
}
