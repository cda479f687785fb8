import { describe, expect, it } from "@jest/globals";
import { ManualClock } from "../support/manual-clock.ts";
import { RawEngine } from "../support/raw-engine.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";
import { tokenOf } from "../support/tokens.ts";
import { upgrade } from "../support/upgrade.ts";
import { eventually } from "../support/within.ts";

const store = "memory";
const plainPath = `/ws?token=${tokenOf("ada")}`;
const enginePath = "/socket.io/?EIO=4&transport=websocket";
const polling = "/socket.io/?EIO=4&transport=polling";

/** The statuses of so many connections in a row at a door, which stay open. */
async function open(server: TestServer, count: number, path = plainPath, headers: Record<string, string> = {}) {
  const answers = [];
  for (let i = 0; i < count; i++) answers.push(await upgrade(server.url, path, headers));
  return { statuses: answers.map(({ status }) => status), sockets: answers.map(({ socket }) => socket) };
}

describe("connections from one address", () => {
  it("LIMIT-1 their number is limited over all doors, and one that ends makes room", async () => {
    const server = await startServer({ store, env: { LIMIT_CONNECTIONS_PER_IP: "4" } });

    const plain = await open(server, 2);
    const engine = await open(server, 2, enginePath);
    const tooMany = await open(server, 1);
    const tooManyThere = await open(server, 1, enginePath);
    const tooManyPolls = await server.request("GET", polling, { as: null });
    plain.sockets[0]?.destroy();
    await eventually(async () => (await open(server, 1)).statuses[0] === 101, "room for another");

    expect([...plain.statuses, ...engine.statuses]).toEqual([101, 101, 101, 101]);
    expect([tooMany.statuses, tooManyThere.statuses, tooManyPolls.status]).toEqual([[429], [400], 403]);
  });

  it("LIMIT-1 behind a proxy they are distinguished by the proxy's header, and not by what a client sends", async () => {
    const env = { LIMIT_CONNECTIONS_PER_IP: "2", TRUST_PROXY: "1" };
    const server = await startServer({ store, env });
    const via = (forwarded: string) => ({ "x-forwarded-for": forwarded });

    const one = await open(server, 3, plainPath, via("6.6.6.6, 1.1.1.1"));
    const pretending = await open(server, 1, plainPath, via("7.7.7.7, 1.1.1.1"));
    const other = await open(server, 2, plainPath, via("6.6.6.6, 2.2.2.2"));

    expect([one.statuses, pretending.statuses, other.statuses]).toEqual([[101, 101, 429], [429], [101, 101]]);
  });

  it("LIMIT-1 an address counts as one however a proxy writes it: with a port, in brackets, mapped, with a zone", async () => {
    const env = { LIMIT_CONNECTIONS_PER_IP: "4", TRUST_PROXY: "1" };
    const server = await startServer({ store, env });
    const statusesOf = async (spellings: string[]) => {
      const statuses = [];
      for (const forwarded of spellings)
        statuses.push(...(await open(server, 1, plainPath, { "x-forwarded-for": forwarded })).statuses);
      return statuses;
    };

    const four = await statusesOf([
      "203.0.113.5",
      "203.0.113.5:51234",
      "203.0.113.5:51235",
      "[::ffff:203.0.113.5]:1",
      "::FFFF:203.0.113.5",
    ]);
    const six = await statusesOf([
      "2001:db8::1",
      "[2001:db8::2]:51234",
      "2001:DB8:0:0::3%eth0",
      '"[2001:db8::4]"',
      "2001:db8::5",
    ]);

    expect(four).toEqual([101, 101, 101, 101, 429]);
    expect(six).toEqual([101, 101, 101, 101, 429]);
  });

  it("LIMIT-1 without a proxy they are not distinguished by what a client sends", async () => {
    const server = await startServer({ store, env: { LIMIT_CONNECTIONS_PER_IP: "1" } });

    const one = await open(server, 1, plainPath, { "x-forwarded-for": "1.1.1.1" });
    const other = await open(server, 1, plainPath, { "x-forwarded-for": "2.2.2.2" });

    expect([one.statuses, other.statuses]).toEqual([[101], [429]]);
  });
});

describe("new connections", () => {
  it("LIMIT-2 their number per second is limited, and a client that returns later is admitted", async () => {
    const clock = new ManualClock();
    const env = { LIMIT_NEW_CONNECTIONS_PER_SECOND: "5" };
    const server = await startServer({ store, env, overrides: { clock } });

    const first = await open(server, 3);
    const others = await open(server, 3, enginePath);
    const tooMany = await open(server, 1);
    clock.advance(200);
    const later = await open(server, 2);

    expect([...first.statuses, ...others.statuses]).toEqual([101, 101, 101, 101, 101, 400]);
    expect([tooMany.statuses, later.statuses]).toEqual([[503], [101, 503]]);
  });

  it("LIMIT-2 a stock client that was refused reconnects by itself", async () => {
    const clock = new ManualClock();
    const server = await startServer({ store, env: { LIMIT_NEW_CONNECTIONS_PER_SECOND: "1" }, overrides: { clock } });
    await server.connect("ada");

    const bob = server.client("bob", { io: { reconnectionDelay: 10, reconnectionDelayMax: 20 } });
    await bob.inbox.one("connect_error");
    clock.advance(1_000);

    await bob.inbox.one("system.connection.established");
  });

  it("LIMIT-2 an address over its own limit does not use up the rate of others", async () => {
    const clock = new ManualClock();
    const env = { LIMIT_NEW_CONNECTIONS_PER_SECOND: "5", LIMIT_CONNECTIONS_PER_IP: "1", TRUST_PROXY: "1" };
    const server = await startServer({ store, env, overrides: { clock } });

    const greedy = await open(server, 20, plainPath, { "x-forwarded-for": "1.1.1.1" });
    const other = await open(server, 1, plainPath, { "x-forwarded-for": "2.2.2.2" });

    expect(greedy.statuses).toEqual([101, ...Array.from({ length: 19 }, () => 429)]);
    expect(other.statuses).toEqual([101]);
  });
});

describe("packets other than commands", () => {
  it.each([
    ["CONNECTs to namespaces that there are not", (i: number) => `40/x${i},`, 150],
    ["CONNECTs without a token", () => "40/chat,{}", 150],
    ["answers to nothing", (i: number) => `43/chat,${i}[]`, 700],
    ["signs of life", () => "3", 700],
  ])("LIMIT-3 too many of %s end the connection, and no other", async (_what, packetOf, count) => {
    const server = await startServer({ store });
    const bob = await server.connect("bob");
    const ada = await new RawEngine(server.url).enterChat(tokenOf("ada"));

    for (let i = 0; i < count; i++) ada.send(packetOf(i));
    await ada.ended();

    expect(await bob.command("conversation.list", {})).toMatchObject({ ok: true });
    expect(bob.inbox.of("disconnect")).toEqual([]);
  });

  it("LIMIT-3 pings of a plain WebSocket are answered, and too many of them end the connection", async () => {
    const server = await startServer({ store });
    const ada = await server.connectWebSocket("ada");
    let pongs = 0;
    ada.socket.on("pong", () => pongs++);

    for (let i = 0; i < 700; i++) ada.socket.ping();
    await ada.closed;

    expect(pongs).toBeGreaterThan(0);
    expect(pongs).toBeLessThan(700);
  });
});

/** The TCP socket under a plain WebSocket. */
function pausable(socket: object): { pause(): void } {
  const { _socket } = socket as { _socket: { pause(): void } };
  return _socket;
}

describe.each(stores)("a client that has stopped reading (%s)", (store) => {
  it("LIMIT-4 it is closed after its time, long before it reaches the limit of bytes", async () => {
    const env = {
      LIMIT_BACKLOG_BYTES: "1073741824",
      LIMIT_BACKLOG_MS: "300",
      HEARTBEAT_INTERVAL_MS: "400",
      LIMIT_COMMANDS_PER_SECOND: "100000",
      LIMIT_COMMANDS_BURST: "100000",
    };
    const server = await startServer({ store, env });
    const [ada] = await server.conversation("42", "ada", "bob");
    const bob = await server.connectWebSocket("bob", { query: "&conversation_id=42" });
    await bob.inbox.one("reply");

    pausable(bob.socket).pause();
    const filler = "x".repeat(60_000);
    const isClosed = () => server.lines.some((line) => line.includes("slow_consumer"));
    for (let sent = 0; !isClosed() && sent < 3_000; sent++) {
      await ada.ok("chat_message", { conversationId: "42", message: String(sent), metadata: { filler } });
    }

    expect(isClosed()).toBe(true);
    expect(ada.inbox.of("disconnect")).toEqual([]);
  });
});
