import { describe, expect, it } from "@jest/globals";
import type { Position } from "../../shared/position.ts";
import { startServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";
import { texts } from "../support/test-client.ts";

const room = "conversation:42";

describe.each(stores)("history (%s)", (store) => {
  it("ROOM-8 pages backwards through everything, oldest first", async () => {
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

  it("ROOM-8 a position of lost history is a conflict, and an empty room has no more", async () => {
    const server = await startServer({ store });
    const [ada] = await server.conversation("42", "ada");

    const empty = await ada.ok("history", { room });
    const lost = await ada.refused("history", { room, before: { epoch: "another", offset: 3 } });

    expect(empty).toEqual({ events: [], hasMore: false });
    expect(lost.code).toBe("conflict");
  });
});
