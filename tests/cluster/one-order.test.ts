import { describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import type { Position } from "../../shared/position.ts";
import {
  type Client,
  conversationId,
  heard,
  messages,
  orderOf,
  room,
  say,
  sharedEnv,
  startInstances,
  textsOf,
} from "./cluster.ts";

const each = 40;

describe.each([[["A", "B"]], [["A", "B", "C"]]])("order over instances %j", (names) => {
  it("CLUSTER-1 all members see the same order, at every instance and door", async () => {
    const servers = await startInstances(await sharedEnv(), names);
    const members = servers.flatMap((_, index) => [`io${index}`, `ws${index}`]);
    const [first] = servers;
    const creator = await first?.connect("creator");
    await creator?.ok("conversation.create", { id: conversationId, members });
    const clients: Client[] = [];
    for (const [index, server] of servers.entries()) {
      const client = await server.connect(`io${index}`);
      await client.ok("join_room", { room });
      const script = await server.connectWebSocket(`ws${index}`, { query: `&conversation_id=${conversationId}` });
      await script.inbox.one("reply");
      clients.push(client, script);
    }

    const write = (client: Client, writer: number) =>
      Array.from({ length: each }, (_, i) => say(client, `${writer}-${i}`));
    await Promise.all(clients.flatMap(write));

    const total = each * clients.length;
    await Promise.all(clients.map(({ inbox }) => inbox.next(EventType.ChatMessage, total)));
    for (const client of clients) expect(orderOf(client)).toEqual(orderOf(clients[0] as Client));
    expect(messages(clients[0] as Client).map(({ position }) => position?.offset)).toEqual(
      Array.from({ length: total }, (_, i) => i + 1),
    );
    for (const writer of clients.keys()) {
      const own = textsOf(clients[0] as Client).filter((text) => text.startsWith(`${writer}-`));
      expect(own).toEqual(Array.from({ length: each }, (_, i) => `${writer}-${i}`));
    }
  });
});

describe("two instances", () => {
  it("CLUSTER-2 a client resumes at another instance with everything it missed, once, while others write", async () => {
    const [a, b] = await startInstances(await sharedEnv(), ["A", "B"]);
    const [ada, bob] = await a.conversation(conversationId, "ada", "bob");
    await say(ada, "0");
    await heard(bob, "0");
    const { position } = messages(bob)[0] as { position: Position };
    bob.close();

    for (let i = 1; i <= 20; i++) await say(ada, `${i}`);
    const again = await b.connect("bob");
    const writing = Promise.all(Array.from({ length: 20 }, (_, i) => say(ada, `${i + 21}`)));
    const joined = await again.ok("join_room", { room, after: position, limit: 1_000 });
    await writing;
    await say(ada, "marker");
    await heard(again, "marker");

    expect(joined).toMatchObject({ joined: true, recovered: true });
    const resumed = joined.events.map(({ data }) => (data as { message: string }).message);
    const expected = [...Array.from({ length: 40 }, (_, i) => `${i + 1}`), "marker"];
    expect([...resumed, ...textsOf(again)]).toEqual(expected);
  });

  it("CLUSTER-2 a position from one instance is valid at another that lags behind", async () => {
    const [a, b] = await startInstances(await sharedEnv(), ["A", "B"]);
    const [ada, bob] = await a.conversation(conversationId, "ada", "bob");
    const cy = await b.connect("ada");

    for (let i = 0; i < 30; i++) {
      const { position } = await say(ada, `${i}`);
      const joined = await cy.ok("join_room", { room, after: position });
      expect(joined).toMatchObject({ joined: true, recovered: true, events: [] });
    }
    await heard(bob, "29");

    expect(textsOf(bob)).toHaveLength(30);
  });

  it("CLUSTER-3 an id that is sent to two instances at once is published once, with the same reply", async () => {
    const [a, b] = await startInstances(await sharedEnv(), ["A", "B"]);
    const [ada, bob] = await a.conversation(conversationId, "ada", "bob");
    const elsewhere = await b.connect("ada");

    const replies = [];
    for (let i = 0; i < 20; i++) {
      const payload = { conversationId, id: `m-${i}`, message: `${i}` };
      replies.push(await Promise.all([ada.ok("chat_message", payload), elsewhere.ok("chat_message", payload)]));
    }
    await say(ada, "marker");
    await heard(bob, "marker");

    expect(textsOf(bob)).toEqual([...Array.from({ length: 20 }, (_, i) => `${i}`), "marker"]);
    for (const [one, other] of replies) {
      expect([one?.duplicate, other?.duplicate].sort()).toEqual([false, true]);
      expect(other).toEqual({ ...one, duplicate: other?.duplicate });
    }
  });
});
