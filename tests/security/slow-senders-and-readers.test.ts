import { describe, expect, it } from "@jest/globals";
import { limits } from "../../shared/limits.ts";
import { bytesOfLargest } from "../../shared/message-bytes.ts";
import { handshake, Tcp, textFrame } from "../support/tcp.ts";
import { tokenOf } from "../support/tokens.ts";
import { eventually } from "../support/within.ts";
import { heapInUse, startTarget, unlimited } from "./target.ts";

/** How many clients do not read; `SECURITY_READERS=1000` tries as many as stand in the threat model. */
const readers = Number(process.env.SECURITY_READERS ?? 100);

describe("slow senders", () => {
  it("SEC-4 slow headers and bodies do not delay other clients", async () => {
    const { server, unharmed } = await startTarget();
    const slow = Array.from({ length: 300 }, () => new Tcp(server.url));

    for (const [index, tcp] of slow.entries()) {
      const isBody = index % 2 === 0;
      tcp.write(
        isBody
          ? "POST /api/tasks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{"
          : "GET / HTTP/1.1\r\nHost: x\r\nX-",
      );
    }
    for (let i = 0; i < 20; i++) for (const tcp of slow) tcp.write("a");

    await unharmed();
  });

  it("SEC-4 slow WebSocket frames do not delay other clients, and no more than one frame is buffered", async () => {
    const { server, unharmed } = await startTarget();
    const slow = Array.from({ length: 100 }, () => new Tcp(server.url));
    for (const tcp of slow) tcp.write(handshake(`/ws?token=${tokenOf("mallory")}`));
    await eventually(() => slow.every(({ received }) => received.includes("established")), "all of them");
    const before = heapInUse();

    // The head of a frame of 60 000 bytes, then bytes one by one; then fragments without an end.
    for (const tcp of slow) tcp.write(Buffer.from([0x81, 0xfe, 0xea, 0x60, 0, 0, 0, 0]));
    for (let i = 0; i < 50; i++) for (const tcp of slow) tcp.write("x");

    await unharmed();
    expect(heapInUse() - before).toBeLessThan(20);
  });

  it("SEC-4 a message in endless fragments is refused at the maximum size of a message", async () => {
    const { server, unharmed } = await startTarget();
    const tcp = new Tcp(server.url);
    tcp.write(handshake(`/ws?token=${tokenOf("mallory")}`));
    await eventually(() => tcp.received.includes("established"), "the connection");

    const fragment = Buffer.concat([Buffer.from([0x00, 0xfe, 0x40, 0x00, 0, 0, 0, 0]), Buffer.alloc(0x4000, "x")]);
    tcp.write(Buffer.from([0x01, 0x80, 0, 0, 0, 0]));
    const largest = bytesOfLargest(["user"], limits.messageBytesDefault);
    for (let sent = 0; sent <= largest; sent += 0x4000) tcp.write(fragment);
    await tcp.ended();

    await unharmed();
  });
});

describe("frames that no library sends", () => {
  it.each<[string, number[]]>([
    ["not masked", [0x81, 0x02, 0x7b, 0x7d]],
    ["with reserved bits", [0xf1, 0x82, 0, 0, 0, 0, 0x7b, 0x7d]],
    ["said to be compressed, which nobody agreed to", [0xc1, 0x82, 0, 0, 0, 0, 0x4b, 0x4c]],
    ["of an unknown kind", [0x83, 0x80, 0, 0, 0, 0]],
    ["a control frame in fragments", [0x09, 0x80, 0, 0, 0, 0]],
    ["a control frame that is too long", [0x89, 0xfe, 0x01, 0x00, 0, 0, 0, 0]],
    ["a continuation of nothing", [0x80, 0x80, 0, 0, 0, 0]],
    ["longer than a message may be", [0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]],
    ["a close of one byte", [0x88, 0x81, 0, 0, 0, 0, 0x03]],
    ["text that is no UTF-8", [0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28]],
  ])("SEC-5 %s end their connection", async (_what, bytes) => {
    const { server, unharmed } = await startTarget();
    const doors = [`/ws?token=${tokenOf("mallory")}`, "/socket.io/?EIO=4&transport=websocket"].map((path) => {
      const tcp = new Tcp(server.url);
      tcp.write(handshake(path));
      return tcp;
    });
    await eventually(() => doors.every(({ received }) => received.includes(" 101 ")), "both connections");

    for (const tcp of doors) tcp.write(Buffer.from(bytes));
    await Promise.all(doors.map((tcp) => tcp.ended()));

    expect(doors.map(({ received }) => /permessage-deflate/i.test(received))).toEqual([false, false]);
    await unharmed();
  });
});

/** Each joins the conversation `loud`, and resolves when it is in. */
const ways: Record<string, (tcp: Tcp, token: string) => Promise<void>> = {
  "a plain WebSocket": async (tcp, token) => {
    tcp.write(handshake(`/ws?conversation_id=loud&auto_join=false&token=${token}`));
    await eventually(() => tcp.received.includes('"type":"reply"'), "the plain WebSocket");
  },
  "Socket.IO": async (tcp, token) => {
    tcp.write(handshake("/socket.io/?EIO=4&transport=websocket"));
    await eventually(() => tcp.received.includes("pingTimeout"), "the engine");
    tcp.write(textFrame(`40/chat,${JSON.stringify({ token, autoJoin: false })}`));
    await eventually(() => tcp.received.includes("established"), "the namespace");
    tcp.write(textFrame('42/chat,0["join_room",{"room":"conversation:loud"}]'));
    await eventually(() => tcp.received.includes("43/chat,0["), "the room");
  },
  "an event stream": async (tcp, token) => {
    const [path, authorization] = ["/api/events?topics=conversation:loud", `Authorization: Bearer ${token}`];
    tcp.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n${authorization}\r\n\r\n`);
    await eventually(() => tcp.received.includes("established"), "the event stream");
  },
};

describe("clients that never read", () => {
  it.each(Object.entries(ways))(
    "SEC-6 clients that never read by %s are disconnected, cost no more than their backlog, and delay nobody",
    async (_, join) => {
      const env = {
        ...unlimited,
        LIMIT_BACKLOG_BYTES: "65536",
        LIMIT_BACKLOG_MS: "1000",
        HEARTBEAT_INTERVAL_MS: "1000",
      };
      const { server, ada, unharmed } = await startTarget({ env });
      await ada.ok("conversation.create", { id: "loud", public: true });
      const lazy = Array.from({ length: readers }, () => new Tcp(server.url));
      await Promise.all(lazy.map((tcp) => join(tcp, tokenOf("mallory"))));
      const before = heapInUse();
      for (const { socket } of lazy) socket.pause();

      const filler = "x".repeat(60_000);
      const closed = () => server.lines.filter((line) => line.includes('"slow_consumer"')).length;
      let peak = 0;
      for (let sent = 0; closed() < readers && sent < 1_000; sent++) {
        await ada.ok("chat_message", { conversationId: "loud", message: String(sent), metadata: { filler } });
        if (sent % 20 === 0) peak = Math.max(peak, heapInUse() - before);
      }

      expect(closed()).toBe(readers);
      // The log and what is on the way to the readers: a message and a little more than the backlog for each.
      expect(peak).toBeLessThan(80 + readers * 0.5);
      await unharmed();
    },
    180_000,
  );
});
