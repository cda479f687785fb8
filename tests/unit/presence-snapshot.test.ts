import { beforeEach, describe, expect, it } from "@jest/globals";
import { PresenceSnapshots } from "../../server/rooms/presence-snapshot.ts";
import type { PresentMember } from "../../shared/commands/chat-commands.ts";
import type { Envelope } from "../../shared/envelope.ts";
import { EventType } from "../../shared/event-type.ts";
import type { UserId } from "../../shared/ids.ts";
import type { RoomName } from "../../shared/room.ts";
import { messageEnvelope, uniqueRoom } from "../support/envelopes.ts";
import { nameOf } from "../support/tokens.ts";

const member = (userId: string): PresentMember => ({ userId: userId as UserId, name: nameOf(userId), connections: 1 });
const list = (...userIds: string[]) => ({ members: userIds.map(member), memberCount: userIds.length });

describe("the presence snapshot", () => {
  let snapshots: PresenceSnapshots;
  let room: RoomName;

  beforeEach(() => {
    snapshots = new PresenceSnapshots();
    room = uniqueRoom();
  });

  function change(type: EventType.UserJoined | EventType.UserLeft, userId: string, memberCount: number, where = room) {
    const event: Envelope = {
      ...messageEnvelope("", { room: where }),
      type,
      data: { userId: userId as UserId, name: nameOf(userId), memberCount },
    };
    snapshots.note(event);
  }
  const joined = (userId: string, count: number, where?: RoomName) =>
    change(EventType.UserJoined, userId, count, where);
  const left = (userId: string, count: number, where?: RoomName) => change(EventType.UserLeft, userId, count, where);

  it("ROOM-11 a list without later changes is returned as it was read", () => {
    const snapshot = snapshots.open(room);

    expect(snapshot.complete(list("ada", "bob"))).toEqual(list("ada", "bob"));
  });

  it("ROOM-11 a user who arrived after the list was read is in it", () => {
    const snapshot = snapshots.open(room);

    joined("bob", 2);

    expect(snapshot.complete(list("ada"))).toEqual(list("ada", "bob"));
  });

  it("ROOM-11 a user who left after the list was read is not in it", () => {
    const snapshot = snapshots.open(room);

    left("ada", 1);

    expect(snapshot.complete(list("ada", "bob"))).toEqual(list("bob"));
  });

  it("ROOM-11 a user who arrived before the read and was announced after it is in it once", () => {
    const snapshot = snapshots.open(room);
    const read = list("ada", "bob");
    for (const present of read.members) present.connections = 2;

    joined("bob", 2);

    expect(snapshot.complete(read)).toEqual(read);
  });

  it("ROOM-11 a user who left and returned is in it, and one who arrived and left is not", () => {
    const snapshot = snapshots.open(room);

    left("ada", 0);
    joined("bob", 1);
    joined("ada", 2);
    left("bob", 1);

    expect(snapshot.complete(list("ada"))).toEqual(list("ada"));
  });

  it("ROOM-11 the count includes all users, even if the list was cut", () => {
    const snapshot = snapshots.open(room);

    joined("cyd", 502);
    left("somebody beyond the cut", 501);

    const { members, memberCount } = snapshot.complete({ members: [member("ada")], memberCount: 501 });
    expect(members.map(({ userId }) => userId)).toEqual(["ada", "cyd"]);
    expect(memberCount).toBe(501);
  });

  it("ROOM-11 events of other rooms and types change nothing", () => {
    const snapshot = snapshots.open(room);

    joined("bob", 5, uniqueRoom());
    snapshots.note(messageEnvelope("hello", { room }));

    expect(snapshot.complete(list("ada"))).toEqual(list("ada"));
  });

  it("ROOM-11 each join has a list of its own", () => {
    const early = snapshots.open(room);
    joined("bob", 2);
    const late = snapshots.open(room);
    early.close();

    joined("cyd", 3);

    expect(early.complete(list("ada"))).toEqual(list("ada", "bob"));
    expect(late.complete(list("ada", "bob"))).toEqual(list("ada", "bob", "cyd"));
  });
});
