import { describe, expect, it } from "@jest/globals";
import type { Position } from "../../shared/position.ts";
import { startServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";
import { texts } from "../support/test-client.ts";

const room = "conversation:42";

describe.each(stores)("history (%s)", (store) => {
  it("ROOM-8 paging backwards returns everything, each page oldest first", async () => {
    const server = await startServer({ store });
    const [ada] = await server.conversation("42", "ada");
    for (const message of ["1", "2", "3", "4", "5"]) await ada.ok("chat_message", { conversationId: "42", message });

    const pages: string[][] = [];
    let before: Position | undefined;
    for (let hasMore = true; hasMore; ) {
      const page = await ada.ok("history", { room, limit: 2, ...(before && { before }) });
      pages.push(texts(page.events));
      before = page.events[0]?.position;
      ({ hasMore } = page);
    }

    expect(pages).toEqual([["4", "5"], ["2", "3"], ["1"]]);
  });

  it("ROOM-8 a thousand small events are one page, read from either end, and large ones several pages", async () => {
    const server = await startServer({ store });
    const [ada] = await server.conversation("42", "ada");
    const publish = (count: number, message: string) => {
      const event = { room, type: "chat_message", data: { message } };
      return server.request("POST", "/api/events", {
        as: "backend",
        roles: ["service"],
        body: Array(count).fill(event),
      });
    };
    for (let part = 0; part < 5; part++) await publish(200, "a message of some words, as people write them");

    const backwards = await ada.ok("history", { room, limit: 1_000 });
    const after = { epoch: backwards.events[0]?.position.epoch ?? "", offset: 0 };
    const forwards = await ada.ok("join_room", { room, after, limit: 1_000 });
    for (let part = 0; part < 15; part++) await publish(3, "é".repeat(10_000));
    const large = await ada.ok("history", { room, limit: 1_000 });

    expect([backwards.events.length, backwards.hasMore]).toEqual([1_000, false]);
    expect([forwards.events.length, forwards.joined]).toEqual([1_000, true]);
    expect([large.events.length, large.hasMore]).toEqual([25, true]);
  });

  it("ROOM-8 a position in lost history is a conflict, and an empty room has no more pages", async () => {
    const server = await startServer({ store });
    const [ada] = await server.conversation("42", "ada");

    const empty = await ada.ok("history", { room });
    const lost = await ada.refused("history", { room, before: { epoch: "another", offset: 3 } });

    expect(empty).toEqual({ events: [], hasMore: false });
    expect(lost.code).toBe("conflict");
  });
});
