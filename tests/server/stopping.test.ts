import { describe, expect, it } from "@jest/globals";
import { systemClock } from "../../server/runtime/clock.ts";
import type { EventLog } from "../../server/store/log/event-log.ts";
import { EventType } from "../../shared/event-type.ts";
import type { Position } from "../../shared/position.ts";
import type { Reply } from "../../shared/reply.ts";
import { deferred } from "../support/deferred.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { openStore, stores } from "../support/stores.ts";
import { offsets, type TestClient, texts } from "../support/test-client.ts";
import { tokenOf } from "../support/tokens.ts";
import { upgrade } from "../support/upgrade.ts";
import { eventually, within } from "../support/within.ts";

const room = "conversation:42";

/** Longer than a test: the clients are let go of when the test closes them. */
const longWindowMs = 600_000;

interface Logged {
  position: Position;
}

/** The reply to the join with which a client resumed. */
interface Resumed {
  events: Parameters<typeof texts>[0];
}

interface Close {
  reason: string;
  retryAfterMs?: number;
}

/** Says things in the conversation, one after the other, over a connection of its own. */
async function say(server: TestServer, ...messages: string[]): Promise<void> {
  const bob = await server.connectWebSocket("bob");
  for (const message of messages) await bob.ok("chat_message", { conversationId: "42", message });
  bob.close();
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe("a stopping instance", () => {
  it("STOP-1 it is not ready, and says so, while it still serves", async () => {
    const server = await startServer();
    await server.connect("ada");
    const before = await server.request("GET", "/readyz", { as: null });

    const draining = server.server.drain(longWindowMs);
    const [ready, healthy, status] = await Promise.all(
      ["/readyz", "/healthz", "/api/websocket/status"].map((path) => server.request("GET", path, { as: null })),
    );
    await server.server.close();
    await draining;

    expect(before.status).toBe(200);
    expect([ready?.status, healthy?.status]).toEqual([503, 200]);
    expect(status?.body).toMatchObject({ status: "draining", connections: 1 });
  });

  it("STOP-1 a client that is being admitted is notified too", async () => {
    const { log } = await openStore("memory", { clock: systemClock });
    const [asked, gate] = [deferred(), deferred()];
    const slow: EventLog = {
      ...log,
      follow: async (...args) => {
        asked.resolve();
        await gate.promise;
        return log.follow(...args);
      },
    };
    const server = await startServer({ overrides: { log: slow } });
    const ada = server.client("ada", { io: { transports: ["websocket"], reconnection: false } });
    await asked.promise;

    const draining = server.server.drain(0);
    gate.resolve();

    expect(await ada.inbox.one("system.connection.close")).toMatchObject({ reason: "server_shutdown" });
    await ada.inbox.one("disconnect");
    expect(ada.inbox.all[0]?.name).toBe("system.connection.established");
    await draining;
  });

  it("STOP-1 connected clients continue until it is their turn", async () => {
    const server = await startServer();
    const [ada, bob] = await server.conversation("42", "ada", "bob");
    void server.server.drain(longWindowMs);

    await ada?.ok("chat_message", { conversationId: "42", message: "still here" });

    expect(texts([(await bob?.one(EventType.ChatMessage)) ?? { data: {} }])).toEqual(["still here"]);
  });

  it("STOP-1 every client is notified, in every namespace and on every transport, before it is closed", async () => {
    const server = await startServer();
    const io = { reconnection: false, transports: ["websocket"] };
    const clients: Pick<TestClient, "inbox">[] = [
      await server.connect("ada", { io }),
      await server.connect("bob", { io: { ...io, transports: ["polling"] } }),
      await server.connect("root", { namespace: "/admin", roles: ["admin"], io }),
      await server.connect("mona", { namespace: "/monitoring", roles: ["monitor"], io }),
    ];
    const script = await server.connectWebSocket("carol");

    await server.server.drain(50);
    await server.server.close();

    for (const { inbox } of clients) {
      const { reason, retryAfterMs } = await inbox.one<Close>("system.connection.close");
      expect(reason).toBe("server_shutdown");
      expect(retryAfterMs).toBeGreaterThanOrEqual(0);
      await inbox.one("disconnect");
      expect(inbox.all.slice(-2).map(({ name }) => name)).toEqual(["system.connection.close", "disconnect"]);
    }
    expect(await script.inbox.one("system.connection.close")).toMatchObject({ reason: "server_shutdown" });
    expect(await script.closed).toEqual({ code: 1012, reason: "server_shutdown" });
  });

  it("STOP-1 a client in two namespaces on one connection is notified in both", async () => {
    const server = await startServer();
    const mona = await server.connect("mona", { roles: ["user", "monitor"], io: { reconnection: false } });
    const watching = mona.socket.io.socket("/monitoring", { auth: { token: tokenOf("mona", ["user", "monitor"]) } });
    const told: string[] = [];
    watching.on("system.connection.close", ({ reason }: Close) => told.push(reason));
    await within(new Promise<void>((resolve) => watching.on("system.connection.established", () => resolve())), "both");

    await server.server.drain(0);
    await mona.inbox.one("disconnect");

    expect(told).toEqual(["server_shutdown"]);
    expect(await mona.inbox.one<Close>("system.connection.close")).toMatchObject({ reason: "server_shutdown" });
  });

  it("STOP-1 the window ends as soon as the last client has left", async () => {
    const server = await startServer();
    const ada = await server.connect("ada");

    const draining = server.server.drain(longWindowMs);
    ada.close();

    await within(draining, "the end of the window");
  });
});

describe.each(stores)("a stopping instance (%s)", (store) => {
  it("STOP-1 from its start on, no door admits a client", async () => {
    const server = await startServer({ store });
    const root = await server.connect("root", { roles: ["admin"] });
    void server.server.drain(longWindowMs);

    const newcomer = server.client("bob", { io: { transports: ["websocket"], reconnectionDelay: 10 } });
    const refusals = await newcomer.inbox.next<Error>("connect_error", 2);
    const [webSocket, polling, command] = await Promise.all([
      upgrade(server.url, `/ws?token=${tokenOf("bob")}`),
      server.request("GET", "/socket.io/?EIO=4&transport=polling", { as: null }),
      server.request("POST", "/api/conversations", { as: "bob", body: {} }),
    ]);
    const admin = root.socket.io.socket("/admin", { auth: { token: tokenOf("root", ["admin"]) } });
    const refused = await within(
      new Promise<{ data: unknown }>((resolve) => admin.once("connect_error", (error) => resolve(error as never))),
      "a refusal",
    );

    // Of the transport, so that the client goes on trying, and not of the namespace, which would have `data`.
    for (const error of refusals) expect(error).not.toHaveProperty("data");
    expect(newcomer.socket.active).toBe(true);
    expect([webSocket.status, polling.status]).toEqual([503, 503]);
    // Requests are answered until the window ends: STOP-8.
    expect(command.status).toBe(201);
    expect(refused.data).toMatchObject({ code: "unavailable", retryable: true });
  });

  it("STOP-1 commands under way are answered before their connection is closed", async () => {
    const { log } = await openStore(store, { clock: systemClock });
    const [asked, gate] = [deferred(), deferred()];
    let isSlow = false;
    const slow: EventLog = {
      ...log,
      append: async (...args) => {
        if (isSlow) {
          asked.resolve();
          await gate.promise;
        }
        return log.append(...args);
      },
    };
    const server = await startServer({ store, overrides: { log: slow } });
    const ada = await server.connect("ada", { io: { transports: ["websocket"], reconnection: false } });
    const order: string[] = [];
    ada.socket.on("system.connection.close", () => order.push("close"));
    await ada.ok("conversation.create", { id: "42" });
    isSlow = true;
    const message = { conversationId: "42", message: "just now" };
    ada.socket.emit("chat_message", message, ({ ok }: Reply<unknown>) => order.push(ok ? "reply" : "refusal"));
    await asked.promise;

    const draining = server.server.drain(0);
    gate.resolve();
    await draining;
    await ada.inbox.one("disconnect");

    expect(order).toEqual(["reply", "close"]);
  });

  it("STOP-1 messages accepted before are published and answered", async () => {
    const shared = await openStore(store, { clock: systemClock });
    const server = await startServer({ store, overrides: shared });
    const [ada] = await server.conversation("42", "ada");
    if (!ada) throw new Error("no client");
    const messages = Array.from({ length: 20 }, (_, index) => `${index}`);

    const answered: Position[] = [];
    const first = deferred();
    for (const message of messages) {
      // Not every one need be answered: nobody knows how many were read when the first one was.
      ada.socket.emit("chat_message", { conversationId: "42", message }, (reply: Reply<Logged>) => {
        if (reply.ok) answered.push(reply.data.position);
        first.resolve();
      });
    }
    await first.promise;
    await server.server.drain(0);
    await server.server.close();

    const next = await startServer({ store, overrides: shared });
    const again = await next.connect("ada");
    const { events } = await again.ok("history", { room });
    const logged = events.map(({ position }) => position);
    expect(answered.length).toBeGreaterThan(0);
    expect(logged).toEqual(expect.arrayContaining(answered));
    expect(texts(events)).toEqual(messages.slice(0, events.length));
  });

  it("STOP-2 a stock client reconnects by itself to another instance, and misses nothing", async () => {
    const shared = await openStore(store, { clock: systemClock });
    const old = await startServer({ store, overrides: shared });
    const port = String(old.server.port);
    const ada = await old.connect("ada", { io: { reconnectionDelay: 50, reconnectionDelayMax: 200 } });
    await ada.ok("conversation.create", { id: "42", members: ["bob"] });
    let { position } = await ada.ok("join_room", { room });
    // As an application would do it: whenever it is connected again, it joins with its last position.
    ada.socket.on("chat_message", (event: { position: Position }) => {
      position = event.position;
    });
    ada.socket.on("system.connection.established", async () => {
      ada.inbox.put("resumed", await ada.ok("join_room", { room, after: position }));
    });
    await say(old, "1", "2");
    await ada.next(EventType.ChatMessage, 2);

    await old.server.drain(0);
    await old.server.close();
    const next = await startServer({ store, env: { PORT: port }, overrides: shared });
    await say(next, "3", "4", "5");
    const resumed = await ada.inbox.one<Resumed>("resumed");
    await say(next, "6");
    const seen = () => [...resumed.events, ...ada.seen(EventType.ChatMessage).slice(2)];
    await ada.inbox.until(() => texts(seen()).includes("6"), "the last message");

    expect(await ada.inbox.one<Close>("system.connection.close")).toMatchObject({ reason: "server_shutdown" });
    expect(resumed).toMatchObject({ recovered: true, joined: true });
    expect(texts(seen())).toEqual(["3", "4", "5", "6"]);
    expect(offsets(ada.seen(EventType.ChatMessage)).slice(0, 2)).toEqual([1, 2]);
  });

  it("STOP-2 many clients reconnect, over both transports, and all see one order without a gap", async () => {
    const shared = await openStore(store, { clock: systemClock });
    const old = await startServer({ store, overrides: shared });
    const subs = numbers(1, 10).map((number) => `user-${number}`);
    const bob = await old.connectWebSocket("bob");
    await bob.ok("conversation.create", { id: "42", members: subs });
    const everybody = await Promise.all(
      subs.map(async (sub, index) => {
        const transports = index % 2 ? ["websocket"] : ["polling"];
        const client = await old.connect(sub, { io: { transports, reconnectionDelay: 20, reconnectionDelayMax: 200 } });
        const seen: number[] = [];
        let { position } = await client.ok("join_room", { room });
        const take = (event: Logged) => {
          seen.push(event.position.offset);
          position = event.position;
          if (seen.length === 30) client.inbox.put("all", seen);
        };
        client.socket.on("chat_message", take);
        client.socket.on("system.connection.established", () => {
          // In the callback itself: the first live event may come in the same payload as the reply.
          client.socket.emit("join_room", { room, after: position }, (reply: Reply<{ events: Logged[] }>) => {
            if (reply.ok) for (const event of reply.data.events) take(event);
          });
        });
        return client;
      }),
    );

    await say(old, ...numbers(1, 10).map(String));
    await old.server.drain(20);
    await old.server.close();
    const next = await startServer({ store, env: { PORT: String(old.server.port) }, overrides: shared });
    await say(next, ...numbers(11, 30).map(String));

    for (const { inbox } of everybody) expect(await inbox.one("all")).toEqual(numbers(1, 30));
    // The server that they are at now is closed before they are, and polling clients would ask it for more.
    for (const client of everybody) client.close();
    const isEmpty = async () => (await next.request("GET", "/api/websocket/status")).body.connections === 0;
    await eventually(isEmpty, "all clients to have left");
  });
});
