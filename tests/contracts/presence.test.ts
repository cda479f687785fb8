import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Presence, PresentConnection } from "../../server/store/presence/presence.ts";
import type { ConnectionId, UserId } from "../../shared/ids.ts";
import type { RoomName } from "../../shared/room.ts";
import { uniqueRoom } from "../support/envelopes.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { openStore, type TestStore as Store, stores } from "../support/stores.ts";
import { nameOf } from "../support/tokens.ts";

const graceMs = 5_000;

/** A connection of the user that no other test uses. */
function connectionOf(userId: string): PresentConnection {
  return { userId: userId as UserId, name: nameOf(userId), connectionId: randomUUID() as string as ConnectionId };
}

describe.each(stores)("presence (%s)", (name) => {
  let clock: ManualClock;
  let store: Store;
  let presence: Presence;
  let room: RoomName;

  beforeEach(async () => {
    clock = new ManualClock();
    store = await openStore(name, { clock });
    presence = store.presence;
    room = uniqueRoom();
  });

  afterEach(() => store.close());

  /** Those whose departure from this test's room a sweep finds. */
  async function swept(): Promise<string[]> {
    const departures = await presence.sweep();
    return departures.filter((departure) => departure.room === room).map(({ userId }) => userId);
  }

  it("PRESENCE-1 a user is present from the first connection to the last", async () => {
    const [phone, laptop] = [connectionOf("ada"), connectionOf("ada")];

    const entered = [await presence.enter(room, phone), await presence.enter(room, laptop)];
    const left = [await presence.leave(room, phone, 0), await presence.leave(room, laptop, 0)];

    expect(entered).toEqual([
      { first: true, memberCount: 1 },
      { first: false, memberCount: 1 },
    ]);
    expect(left).toEqual([undefined, { room, userId: "ada", name: "Ada", memberCount: 0 }]);
    expect(await presence.members(room, 10)).toEqual({ members: [], memberCount: 0 });
  });

  it("PRESENCE-1 entering twice with one connection counts once", async () => {
    const phone = connectionOf("ada");
    await presence.enter(room, phone);

    const again = await presence.enter(room, phone);
    const { members } = await presence.members(room, 10);
    const departure = await presence.leave(room, phone, 0);

    expect(again).toEqual({ first: false, memberCount: 1 });
    expect(members).toEqual([{ userId: "ada", name: "Ada", connections: 1 }]);
    expect(departure).toMatchObject({ userId: "ada" });
  });

  it("PRESENCE-1 a connection that is not in the room changes nothing by leaving", async () => {
    const phone = connectionOf("ada");
    await presence.enter(room, phone);

    const ofAnotherConnection = await presence.leave(room, connectionOf("ada"), 0);
    const ofAnotherUser = await presence.leave(room, connectionOf("bob"), 0);
    const elsewhere = await presence.leave(uniqueRoom(), phone, 0);

    expect([ofAnotherConnection, ofAnotherUser, elsewhere]).toEqual([undefined, undefined, undefined]);
    expect(await presence.members(room, 10)).toMatchObject({ memberCount: 1 });
  });

  it("PRESENCE-1 of connections that enter at once, one is the first, and of those that leave, one is the last", async () => {
    const connections = Array.from({ length: 10 }, () => connectionOf("ada"));

    const entered = await Promise.all(connections.map((connection) => presence.enter(room, connection)));
    const left = await Promise.all(connections.map((connection) => presence.leave(room, connection, 0)));

    expect(entered.filter(({ first }) => first)).toHaveLength(1);
    expect(left.filter((departure) => departure !== undefined)).toHaveLength(1);
  });

  it("PRESENCE-2 a user who returns within the grace period stays present", async () => {
    await presence.enter(room, connectionOf("bob"));
    const phone = connectionOf("ada");
    await presence.enter(room, phone);

    const left = await presence.leave(room, phone, graceMs);
    const meanwhile = await presence.members(room, 10);
    clock.advance(graceMs - 1);
    const tooEarly = await swept();
    const back = await presence.enter(room, connectionOf("ada"));
    clock.advance(graceMs);

    expect([left, tooEarly, back]).toEqual([undefined, [], { first: false, memberCount: 2 }]);
    expect(meanwhile.members).toContainEqual({ userId: "ada", name: "Ada", connections: 0 });
    expect(await swept()).toEqual([]);
  });

  it("PRESENCE-2 a user who does not return departs in one sweep, once", async () => {
    await presence.enter(room, connectionOf("bob"));
    const phone = connectionOf("ada");
    await presence.enter(room, phone);
    await presence.leave(room, phone, graceMs);
    clock.advance(graceMs);

    const found = await Promise.all([presence.sweep(), presence.sweep(), presence.sweep()]);

    expect(found.flat().filter((departure) => departure.room === room)).toEqual([
      { room, userId: "ada", name: "Ada", memberCount: 1 },
    ]);
    expect(await swept()).toEqual([]);
    expect(await presence.members(room, 10)).toMatchObject({ memberCount: 1 });
  });

  it("PRESENCE-2 a grace period begins with the last departure of the user", async () => {
    const [first, second] = [connectionOf("ada"), connectionOf("ada")];
    await presence.enter(room, first);
    await presence.leave(room, first, graceMs);
    clock.advance(graceMs - 1);
    await presence.enter(room, second);
    await presence.leave(room, second, graceMs);

    clock.advance(graceMs - 1);
    const tooEarly = await swept();
    clock.advance(1);
    const then = await swept();

    expect([tooEarly, then]).toEqual([[], ["ada"]]);
  });

  it("PRESENCE-2 a user with another connection has no grace period when one is lost", async () => {
    const [phone, laptop] = [connectionOf("ada"), connectionOf("ada")];
    await presence.enter(room, phone);
    await presence.enter(room, laptop);

    await presence.leave(room, phone, graceMs);
    clock.advance(graceMs);
    const afterOne = await swept();
    await presence.leave(room, laptop, graceMs);
    clock.advance(graceMs);
    const afterBoth = await swept();

    expect([afterOne, afterBoth]).toEqual([[], ["ada"]]);
  });

  it("PRESENCE-2 a user who returned and left without grace is not in a later sweep", async () => {
    const [first, second] = [connectionOf("ada"), connectionOf("ada")];
    await presence.enter(room, first);
    await presence.leave(room, first, graceMs);
    await presence.enter(room, second);

    const departure = await presence.leave(room, second, 0);
    clock.advance(graceMs);

    expect(departure).toMatchObject({ userId: "ada", memberCount: 0 });
    expect(await swept()).toEqual([]);
  });

  it("PRESENCE-3 members are listed in the order of their arrival", async () => {
    const phone = connectionOf("cyd");
    for (const userId of ["bob", "ada"]) await presence.enter(room, connectionOf(userId));
    await presence.enter(room, phone);
    await presence.enter(room, connectionOf("dan"));
    await presence.enter(room, connectionOf("bob"));

    const before = await presence.members(room, 10);
    await presence.leave(room, phone, 0);
    await presence.enter(room, phone);
    const after = await presence.members(room, 10);

    expect(before.members.map(({ userId }) => userId)).toEqual(["bob", "ada", "cyd", "dan"]);
    expect(before.members[0]?.connections).toBe(2);
    expect(after.members.map(({ userId }) => userId)).toEqual(["bob", "ada", "dan", "cyd"]);
  });

  it("PRESENCE-3 the list is cut at the limit, and the count includes all", async () => {
    for (const userId of ["ada", "bob", "cyd"]) await presence.enter(room, connectionOf(userId));

    const { members, memberCount } = await presence.members(room, 2);

    expect(members.map(({ userId }) => userId)).toEqual(["ada", "bob"]);
    expect(memberCount).toBe(3);
  });

  it("PRESENCE-3 rooms have independent members", async () => {
    await presence.enter(uniqueRoom(), connectionOf("ada"));

    const { memberCount } = await presence.enter(room, connectionOf("bob"));

    expect(memberCount).toBe(1);
  });
});
