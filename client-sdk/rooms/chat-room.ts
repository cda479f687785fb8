import type { CommandData } from "../../shared/commands/catalogue.ts";
import type { Envelope } from "../../shared/envelope.ts";
import type { Link } from "../transport/transport.ts";
import { Feed, type FeedDeps } from "./feed.ts";
import type { JoinReply } from "./follower.ts";
import type { GetState } from "./gap.ts";

/** What joining a room of `/chat` is answered. */
export type RoomReply = Omit<CommandData<"/chat", "join_room">, "events"> & JoinReply;

export interface RoomFeedOptions {
  /** The room's name; one's own is not known before the server has said who one is. */
  room: () => string | undefined;
  /** What its position is kept under. */
  name: string;
  recent: number;
  getState?: GetState | undefined;
}

/** A room of `/chat`, which has a log of its own. */
export function createRoomFeed({ room, name, recent, getState }: RoomFeedOptions, deps: FeedDeps): Feed<RoomReply> {
  return new Feed<RoomReply>(
    {
      namespace: "/chat",
      log: room,
      name,
      isWhole: true,
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
