import { describe, expect, it } from "@jest/globals";
import { systemClock } from "../../server/runtime/clock.ts";
import type { EventLog } from "../../server/store/log/event-log.ts";
import { EventType } from "../../shared/event-type.ts";
import { startServer } from "../support/server.ts";
import { openStore, stores } from "../support/stores.ts";
import { eventually } from "../support/within.ts";

const room = "conversation:42";

describe.each(stores)("a join under way (%s)", (store) => {
  it("CONV-4 a member who is removed during a join does not enter", async () => {
    const { log } = await openStore(store, { clock: systemClock });
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    let isClosed = false;
    let isWaiting = false;
    // History is read after the member was let in, and before the join is complete.
    const slow: EventLog = {
      ...log,
      async bounds(name) {
        if (name === room && isClosed) {
          isWaiting = true;
          await gate;
        }
        return log.bounds(name);
      },
    };
    const server = await startServer({ store, overrides: { log: slow } });
    const [ada] = await server.conversation("42", "ada");
    await ada.ok("conversation.add_members", { conversationId: "42", userIds: ["bob"] });
    const bob = await server.connect("bob");
    const { position } = await ada.ok("join_room", { room });

    isClosed = true;
    const joining = bob.refused("join_room", { room, after: position });
    await eventually(() => isWaiting, "the join to be under way");
    let isTold = false;
    bob.socket.on("system.room.left", () => {
      isTold = true;
    });
    await ada.ok("chat_message", { conversationId: "42", message: "one moment" });
    await ada.ok("conversation.remove_member", { conversationId: "42", userId: "bob" });
    await eventually(() => isTold, "bob to be told");
    isClosed = false;
    open();
    const refusal = await joining;
    await ada.ok("chat_message", { conversationId: "42", message: "without bob" });
    const { members } = await ada.ok("join_room", { room });

    expect(refusal.code).toBe("not_found");
    expect(members.map(({ userId }) => userId)).toEqual(["ada"]);
    expect(bob.seen(EventType.ChatMessage)).toEqual([]);
  });
});
