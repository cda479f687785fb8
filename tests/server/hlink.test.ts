import { randomUUID } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import { HlinkMessage as Schema, WebsocketAck } from "../../shared/entities/hlink.ts";
import { EventType } from "../../shared/event-type.ts";
import { startServer } from "../support/server.ts";
import { sharedRedis, stores } from "../support/stores.ts";

const address = (target: string) => ({
  sender: { agent_id: "ui-1", role: "user" },
  recipient: { target, agent_id: "agent-7" },
  timestamp: "2026-11-20T12:00:00",
  metadata: { mood: "good" },
});

const content = { content: "hello" };
const asset = { asset_type: "image", url: "https://example.com/a.png", alt_text: "an a" };

/** One of each type. */
const messagesTo = (target: string) => [
  { type: "user_message", payload: content, ...address(target) },
  { type: "narrative.text", payload: content, ...address(target) },
  { type: "expert.response", payload: { ...content, agent_id: "agent-7" }, ...address(target) },
  { type: "visual.asset", payload: asset, ...address(target) },
  { type: "system.status", payload: {}, ...address(target) },
];

const ui = (message: object = {}) => ({ type: "user_message", payload: content, ...address("ui"), ...message });

describe("HLink", () => {
  it("HLINK-2 an invalid message is reported, and the connection continues", async () => {
    const server = await startServer();
    const ada = await server.connectWebSocket("ada");
    const bob = await server.connect("bob");
    const wrong = [
      ui({ payload: {} }),
      ui({ payload: { content: "" } }),
      ui({ type: "visual.asset" }),
      ui({ type: "visual.asset", payload: { ...asset, url: "javascript:alert(1)" } }),
      ui({ recipient: { target: "nowhere" } }),
      ui({ recipient: { target: "task:1" } }),
      ui({ recipient: undefined }),
      ui({ sender: { agent_id: "a b", role: "user" } }),
      ui({ sender: undefined }),
      ui({ timestamp: "yesterday" }),
      ui({ extra: 1 }),
    ];

    const codes = [];
    for (const message of wrong) {
      ada.socket.send(JSON.stringify(message));
      const { error, command } = await ada.inbox.one<{ command: string; error: { code: string } }>("system.error");
      codes.push(`${command} ${error.code}`, (await bob.refused("hlink_message", message)).code);
    }
    ada.socket.send(JSON.stringify(ui()));

    expect([...new Set(codes)].sort()).toEqual(["hlink_message invalid_payload", "invalid_payload"]);
    expect(await ada.inbox.one("websocket_ack")).toBeUndefined();
  });
});

describe.each(stores)("HLink (%s)", (store) => {
  it("HLINK-1 messages of all five types are acknowledged and reach their target, at both doors", async () => {
    const server = await startServer({ store });
    const ada = await server.connect("ada");
    const bob = await server.connectWebSocket("bob");
    await ada.ok("conversation.create", { id: "42", members: ["bob"] });
    await ada.ok("join_room", { room: "conversation:42" });
    await bob.ok("join_room", { room: "conversation:42" });

    for (const message of messagesTo("conversation:42")) {
      bob.socket.send(JSON.stringify(message));
      await bob.inbox.one("websocket_ack");
      await ada.ok("hlink_message", Schema.parse(message));
    }

    const heard = await ada.next(EventType.HlinkMessage, 10);
    const types = messagesTo("conversation:42").flatMap(({ type }) => [type, type]);
    expect(heard.map(({ data }) => data.type)).toEqual(types);
    expect(heard.map(({ sender }) => sender?.userId).slice(0, 2)).toEqual(["bob", "ada"]);
    expect(heard[0]?.data).toEqual(messagesTo("conversation:42")[0]);
    expect(await bob.inbox.next(EventType.HlinkMessage, 10)).toHaveLength(10);
  });

  it("HLINK-1 a message in a frame is acknowledged in a frame, with its position in the target's log", async () => {
    const server = await startServer({ store });
    const ada = await server.connectWebSocket("ada");
    const frames: unknown[] = [];
    ada.socket.on("message", (data) => void frames.push(JSON.parse(String(data))));
    await ada.ok("join_room", { room: "ui" });

    ada.socket.send(JSON.stringify(ui()));
    await ada.inbox.one("websocket_ack");

    const [ack] = frames.filter((frame) => (frame as { type: string }).type === "websocket_ack");
    expect(WebsocketAck.parse(ack)).toMatchObject({ position: { offset: 1 } });
    expect(await ada.inbox.one(EventType.HlinkMessage)).toMatchObject({ topic: "ui", position: { offset: 1 } });
  });

  it("HLINK-3 users write where they may, and programs everywhere", async () => {
    const server = await startServer({ store });
    const [ada] = await server.conversation("42", "ada", "bob");
    const eve = await server.connect("eve");
    const service = await server.connect("backend", { roles: ["service"] });
    const to = (target: string) => Schema.parse(messagesTo(target)[0]);

    const refused = [
      await eve.refused("hlink_message", to("conversation:42")),
      await eve.refused("hlink_message", to("conversation:nowhere")),
      await eve.refused("hlink_message", to("user:ada")),
    ];
    await eve.ok("hlink_message", to("user:eve"));
    await service.ok("hlink_message", to("user:ada"));
    await service.ok("hlink_message", to("conversation:42"));

    expect(refused.map(({ code }) => code)).toEqual(["not_found", "not_found", "forbidden"]);
    // Of different logs, which have no order between them.
    const rooms = (await ada.next(EventType.HlinkMessage, 2)).map(({ room }) => room);
    expect(rooms.toSorted()).toEqual(["conversation:42", "user:ada"]);
    expect(await eve.next(EventType.HlinkMessage, 1)).toHaveLength(1);
  });
});

describe("HLink and other services", () => {
  it("HLINK-4 they read each message from a stream in Redis", async () => {
    const redis = await sharedRedis();
    const stream = `ui-${randomUUID()}`;
    const server = await startServer({ store: "redis", env: { REDIS_UI_EVENTS_STREAM: stream } });
    const ada = await server.connect("ada");
    const event = { room: "ui", type: "hlink_message", data: ui(), id: "once" };
    const post = () => server.request("POST", "/api/events", { roles: ["service"], body: event });

    await ada.ok("hlink_message", Schema.parse(messagesTo("user:ada")[3]));
    await ada.refused("hlink_message", ui({ payload: {} }));
    await post();
    await post();

    const entries = (await redis.command("XRANGE", stream, "-", "+")) as [id: string, fields: string[]][];
    const written = entries.map(([, [a, type, b, data = "", c, timestamp = ""]]) => {
      expect([a, b, c]).toEqual(["event_type", "data", "timestamp"]);
      expect(new Date(timestamp).toISOString()).toBe(timestamp);
      return [type, JSON.parse(data)];
    });
    expect(written).toEqual([
      ["visual.asset", messagesTo("user:ada")[3]],
      ["user_message", ui()],
    ]);
  });
});
