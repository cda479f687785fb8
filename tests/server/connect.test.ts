import { generateKeyPairSync } from "node:crypto";
import { inspect } from "node:util";
import { afterEach, describe, expect, it, jest } from "@jest/globals";
import jwt from "jsonwebtoken";
import type { EventLog } from "../../server/store/log/event-log.ts";
import { EventType } from "../../shared/event-type.ts";
import type { Namespace } from "../../shared/namespace.ts";
import type { ReplyError } from "../../shared/reply.ts";
import type { Role } from "../../shared/role.ts";
import type { SystemMessageData } from "../../shared/system-message.ts";
import { deferred } from "../support/deferred.ts";
import { watchLibrary } from "../support/library-sockets.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { RawEngine } from "../support/raw-engine.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { openStore, stores } from "../support/stores.ts";
import type { TestClient } from "../support/test-client.ts";
import { testSecret, tokenOf } from "../support/tokens.ts";
import { eventually } from "../support/within.ts";

afterEach(() => void jest.restoreAllMocks());

type Established = SystemMessageData<"system.connection.established">;

const nowSeconds = Math.floor(Date.now() / 1000);
const claims = { sub: "ada", roles: ["user"], exp: nowSeconds + 3_600 };
const signed = (payload: object, secret = testSecret, algorithm: jwt.Algorithm = "HS256") =>
  jwt.sign(payload, secret, { algorithm });
const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");

/** Why the namespace was not entered. */
async function refusal(client: TestClient<Namespace>): Promise<ReplyError> {
  const { data } = await client.inbox.one<{ data: ReplyError }>("connect_error");
  expect(client.inbox.of("system.connection.established")).toEqual([]);
  return data;
}

const connectWith = (server: TestServer, token: unknown) => server.client("ada", { auth: { token } });

const connections = async (server: TestServer) =>
  (await server.request("GET", "/api/websocket/status", { as: null })).body.connections;

/** What the plain WebSocket door says, and the code that it closes with. */
async function refusalByWebSocket(server: TestServer, path: string, headers: Record<string, string> = {}) {
  const client = server.rawWebSocket(path, { headers });
  const { error } = await client.inbox.one<{ error: ReplyError }>("system.error");
  return { code: error.code, closeCode: (await client.closed).code };
}

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });

const notTokens: [what: string, token: unknown][] = [
  ["that is missing", undefined],
  ["that is empty", ""],
  ["that is no text", { sub: "ada" }],
  ["that is a list", [tokenOf("ada")]],
  ["that is not a JWT", "let me in"],
  ["that is cut short", tokenOf("ada").slice(0, -5)],
  ["that is unsigned", `${encoded({ alg: "none", typ: "JWT" })}.${encoded(claims)}.`],
  ["whose signature was left out", `${tokenOf("ada").split(".").slice(0, 2).join(".")}.`],
  ["whose claims were changed", tokenOf("ada").replace(/\.[^.]+\./, `.${encoded({ ...claims, sub: "bob" })}.`)],
  ["signed with another secret", signed(claims, "another secret, of more than 32 bytes too")],
  ["signed with another algorithm", signed(claims, testSecret, "HS512")],
  ["signed with a key pair", jwt.sign(claims, privateKey, { algorithm: "RS256" })],
  ["without exp", signed({ sub: "ada", roles: ["user"] })],
  ["of which exp is no number", `${encoded({ alg: "HS256" })}.${encoded({ ...claims, exp: "soon" })}.x`],
  ["not yet good", signed({ ...claims, nbf: nowSeconds + 3_000 })],
  ["that is an ID token", signed({ ...claims, typ: "ID" })],
  ["that is a refresh token", signed({ ...claims, typ: "Refresh" })],
  ["that is an offline token", signed({ ...claims, typ: "Offline" })],
  ["without sub", signed({ ...claims, sub: undefined })],
  ["whose sub is empty", signed({ ...claims, sub: "" })],
];

describe("connecting", () => {
  it("CONN-1 the first message has the user, the limits and the time", async () => {
    const clock = new ManualClock();
    const server = await startServer({ env: { LIMIT_ROOMS_PER_CONNECTION: "7" }, overrides: { clock } });
    const exp = Math.floor(clock.now() / 1000) + 600;

    const client = server.client("ada", { roles: ["user", "admin"], claims: { exp } });

    const established = await client.inbox.one<Established>("system.connection.established");
    expect(client.inbox.all[0]?.name).toBe("system.connection.established");
    expect(established).toEqual({
      connectionId: expect.any(String),
      userId: "ada",
      roles: ["user", "admin"],
      namespace: "/chat",
      instanceId: server.server.instanceId,
      protocolVersion: 1,
      serverTime: new Date(clock.now()).toISOString(),
      tokenExpiresAt: new Date(exp * 1000).toISOString(),
      heartbeatIntervalMs: 25_000,
      limits: {
        messageBytes: 65_536,
        roomsPerConnection: 7,
        subscriptionsPerConnection: 50,
        commandsPerSecond: 50,
        commandsBurst: 100,
        jsonDepth: 32,
      },
    });
  });

  it("CONN-2 an invalid token is refused at every door, and the reason says which part is wrong", async () => {
    const server = await startServer();

    for (const [what, token] of notTokens) {
      const error = await refusal(connectWith(server, token));
      expect([what, error.code, error.retryable]).toEqual([what, "unauthenticated", false]);
      if (typeof token !== "string") continue;
      const plain = await refusalByWebSocket(server, `/ws?token=${token}`);
      expect([what, plain]).toEqual([what, { code: "unauthenticated", closeCode: 4000 }]);
      const { status, body } = await server.request("GET", "/api/conversations", {
        as: null,
        headers: { authorization: `Bearer ${token}` },
      });
      expect([what, status, body.code]).toEqual([what, 401, "unauthenticated"]);
    }
  });

  it("CONN-2 an expired token is refused as token_expired, beyond ten seconds of tolerance", async () => {
    const server = await startServer();
    const expired = tokenOf("ada", ["user"], { exp: Math.floor(Date.now() / 1000) - 12 });

    const error = await refusal(connectWith(server, expired));
    const plain = await refusalByWebSocket(server, `/ws?token=${expired}`);
    const { status, body } = await server.request("GET", "/api/conversations", {
      as: null,
      headers: { authorization: `Bearer ${expired}` },
    });

    expect(error).toMatchObject({ code: "token_expired", retryable: false });
    expect(plain).toEqual({ code: "token_expired", closeCode: 4011 });
    expect([status, body.code]).toEqual([401, "token_expired"]);
    const almost = tokenOf("ada", ["user"], { exp: Math.floor(Date.now() / 1000) - 2 });
    await connectWith(server, almost).inbox.one("system.connection.established");
  });

  it("CONN-2 a token of another issuer or audience is refused if these are set", async () => {
    const env = { JWT_ISSUER: "https://id.example.com", JWT_AUDIENCE: "signalbox" };
    const server = await startServer({ env });
    const good = { iss: env.JWT_ISSUER, aud: ["other", "signalbox"] };

    for (const wrong of [{}, { iss: good.iss }, { aud: good.aud }, { ...good, iss: "x" }, { ...good, aud: "x" }]) {
      const error = await refusal(server.client("ada", { claims: wrong }));
      expect([wrong, error.code]).toEqual([wrong, "unauthenticated"]);
    }
    await server.connect("ada", { claims: good });
  });

  it("CONN-2 the token may be in the Authorization header, but never in a URL of Socket.IO", async () => {
    const server = await startServer();
    const token = tokenOf("ada");
    const headers = { authorization: `Bearer ${token}` };

    const client = server.client("eve", { auth: { token: undefined }, io: { extraHeaders: headers } });
    const plain = server.rawWebSocket("/ws", { headers });
    const byQuery = server.client("ada", { auth: { token: undefined }, io: { query: { token } } });

    expect((await client.inbox.one<Established>("system.connection.established")).userId).toBe("ada");
    expect((await plain.inbox.one<Established>("system.connection.established")).userId).toBe("ada");
    expect((await refusal(byQuery)).code).toBe("unauthenticated");
  });

  it("CONN-2 preferred_username and the roles of a realm are used, and roles of other systems are ignored", async () => {
    const server = await startServer();
    const [ada] = await server.conversation("42", "ada");

    const client = await server.connect("kim", {
      claims: {
        name: undefined,
        preferred_username: "kim.k",
        roles: undefined,
        realm_access: { roles: ["offline_access", "user", "service"] },
      },
    });
    await client.ok("chat_message", { conversationId: "42", message: "hello" });

    expect((await ada?.one(EventType.ChatMessage))?.sender).toEqual({ userId: "kim", name: "kim.k", agentId: null });
    const [{ roles } = { roles: [] }] = client.inbox.of<Established>("system.connection.established");
    expect(roles).toEqual(["user", "service"]);
  });

  it("CONN-3 each role opens its namespaces, and no others", async () => {
    const server = await startServer();
    const roles: Role[] = ["user", "agent", "monitor", "admin", "service"];
    const namespaces: Namespace[] = ["/chat", "/monitoring", "/agents", "/admin"];

    const entered: Record<string, string[]> = {};
    for (const role of roles) {
      const clients = namespaces.map((namespace) => ({
        namespace,
        client: server.client("ada", { namespace, roles: [role] }),
      }));
      for (const { namespace, client } of clients) {
        const isIn = () => client.inbox.of("system.connection.established").length > 0;
        await client.inbox.until(() => isIn() || client.inbox.of("connect_error").length > 0, "an answer");
        if (isIn()) entered[namespace] = [...(entered[namespace] ?? []), role];
        else expect((await refusal(client)).code).toBe("forbidden");
      }
    }

    expect(entered).toEqual({
      "/chat": ["user", "agent", "admin", "service"],
      "/monitoring": ["monitor", "admin"],
      "/agents": ["agent"],
      "/admin": ["admin"],
    });
  });

  it("CONN-3 a token without roles opens no namespace, and the plain door is closed with the code for it", async () => {
    const server = await startServer();

    const error = await refusal(server.client("ada", { roles: [] }));
    const plain = await refusalByWebSocket(server, `/ws?token=${tokenOf("ada", [])}`);

    expect(error).toMatchObject({ code: "forbidden", retryable: false });
    expect(plain).toEqual({ code: "forbidden", closeCode: 4003 });
  });

  it.each(["stream:s-1", "stream:*", "health", "agent:bridge-*", "*"])(
    "CONN-3 a grant on %s opens /monitoring, and nothing else",
    async (room) => {
      const server = await startServer();
      const options = { roles: [], claims: { grants: [{ room, can: ["read"] }] } } as const;

      await server.connect("ada", { namespace: "/monitoring", ...options });
      const elsewhere = await refusal(server.client("ada", { namespace: "/chat", ...options }));

      expect(elsewhere.code).toBe("forbidden");
    },
  );

  it.each(["conversation:42", "conversation:*", "streams:*"])(
    "CONN-3 a grant on %s does not open /monitoring",
    async (room) => {
      const server = await startServer();
      const grants = [{ room, can: ["read", "write"] }];

      const error = await refusal(server.client("ada", { namespace: "/monitoring", claims: { grants } }));

      expect(error.code).toBe("forbidden");
    },
  );

  it.each(["/", "/nowhere", "/chat/", "/Chat"])("CONN-3 the namespace %s is open to nobody", async (namespace) => {
    const server = await startServer();
    const everyRole: Role[] = ["user", "agent", "monitor", "admin", "service"];

    const client = server.client("root", { namespace: namespace as Namespace, roles: everyRole });

    expect(await refusal(client)).toMatchObject({ code: "forbidden", retryable: false });
  });

  it("CONN-3 /admin is open to nobody if it is switched off", async () => {
    const server = await startServer({ env: { ADMIN_ENABLED: "false" } });

    const error = await refusal(server.client("root", { namespace: "/admin", roles: ["admin"] }));

    expect(error.code).toBe("forbidden");
  });

  it("CONN-4 no listeners are left behind, however often a namespace is left and entered again", async () => {
    const library = watchLibrary();
    const server = await startServer();
    const ada = await new RawEngine(server.url).enterChat(tokenOf("ada"));
    const listeners = () => {
      const [socket] = [...library.sockets("/chat")];
      if (!socket) throw new Error("no socket");
      return socket.conn.eventNames().map((name) => [name, socket.conn.listenerCount(name as "packet")]);
    };
    const before = listeners();
    const enteredOften = 50;

    for (let round = 1; round <= enteredOften; round++) {
      ada.send("41/chat,");
      // The library takes a CONNECT for a fault that comes before it has carried out the DISCONNECT.
      await eventually(async () => (await connections(server)) === 0, `departure ${round}`);
      ada.send(`40/chat,${JSON.stringify({ token: tokenOf("ada") })}`);
      const entered = () =>
        ada.inbox.of<string>("packet").filter((packet) => packet.includes("system.connection.established")).length;
      await ada.inbox.until(() => entered() === round + 1, `entrance ${round}`);
    }

    expect(listeners()).toEqual(before);
    expect([...library.sockets("/chat")]).toHaveLength(1);
    expect(await connections(server)).toBe(1);
  });

  it("CONN-10 the handshake, which the library keeps with the connection, has no token", async () => {
    const library = watchLibrary();
    const server = await startServer();
    const [inAuth, inHeader] = [tokenOf("ada"), tokenOf("bob")];
    await server.connect("ada", { auth: { token: inAuth } });
    const byHeader = { auth: { token: undefined }, io: { extraHeaders: { authorization: `Bearer ${inHeader}` } } };
    await server.connect("bob", byHeader);

    const kept = [...library.sockets("/chat")].map(({ handshake, conn }) =>
      inspect({ handshake, conn }, { depth: 10 }),
    );

    expect(kept).toHaveLength(2);
    expect(kept.join()).toContain("writeBuffer");
    for (const token of [inAuth, inHeader]) expect(kept.join()).not.toContain(token);
  });
});

describe.each(stores)("connecting (%s)", (store) => {
  it("CONN-1 it is the first message at every door, even while events are being sent", async () => {
    const server = await startServer({ store });
    const admin = await server.connect("root", { namespace: "/admin", roles: ["admin"] });
    const ids = new Set<string>();
    const announcing = Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        admin.ok("admin.announce", { message: `${index}`, level: "info" }).then(() => {
          const client = index % 2 ? server.client(`user-${index}`) : server.webSocket(`user-${index}`);
          return client.inbox.one<Established>("system.connection.established").then(({ connectionId, namespace }) => {
            ids.add(connectionId);
            expect(namespace).toBe(index % 2 ? "/chat" : "/ws");
            return client.inbox;
          });
        }),
      ),
    );

    const inboxes = await announcing;

    expect(inboxes.map(({ all }) => all[0]?.name)).toEqual(inboxes.map(() => "system.connection.established"));
    expect(ids.size).toBe(40);
  });

  it("CONN-4 a second CONNECT during the admission is refused, and the first continues", async () => {
    const clock = new ManualClock();
    const { log } = await openStore(store, { clock });
    const gate = deferred();
    const slow: EventLog = { ...log, follow: (...args) => gate.promise.then(() => log.follow(...args)) };
    const server = await startServer({ store, overrides: { clock, log: slow } });
    const ada = await new RawEngine(server.url).open();

    for (const sub of ["ada", "ada", "bob"]) ada.send(`40/chat,${JSON.stringify({ token: tokenOf(sub) })}`);
    const refusals = () => ada.inbox.of<string>("packet").filter((packet) => packet.startsWith("44/chat,"));
    await ada.inbox.until(() => refusals().length === 2, "two refusals");
    gate.resolve();
    await ada.packet((packet) => packet.includes("system.connection.established"));
    ada.send('42/chat,7["conversation.create",{"id":"42"}]');
    const reply = await ada.reply(7);

    expect(refusals().map((packet) => JSON.parse(packet.slice(8)).data.code)).toEqual(["conflict", "conflict"]);
    expect(reply).toMatchObject({ ok: true, data: { conversation: { createdBy: "ada" } } });
    expect(await connections(server)).toBe(1);
  });

  it("CONN-4 a second CONNECT after that is a protocol error, which ends its connection and no other", async () => {
    const server = await startServer({ store });
    const [bob] = await server.conversation("42", "bob");
    const ada = await new RawEngine(server.url).enterChat(tokenOf("ada"));

    ada.send(`40/chat,${JSON.stringify({ token: tokenOf("ada") })}`);
    await ada.ended();

    await eventually(async () => (await connections(server)) === 1, "the connection to be gone");
    await bob?.ok("chat_message", { conversationId: "42", message: "still here" });
  });

  it("CONN-4 after leaving, a client can connect again, even as another user", async () => {
    const server = await startServer({ store });
    const ada = await server.connect("ada");
    await ada.ok("conversation.create", { id: "42" });
    await ada.ok("join_room", { room: "conversation:42" });

    ada.socket.disconnect();
    ada.socket.auth = { token: tokenOf("bob") };
    ada.socket.connect();
    const second = await ada.inbox.one<Established>("system.connection.established");
    const refused = await ada.refused("join_room", { room: "conversation:42" });

    expect(second.userId).toBe("bob");
    expect(refused.code).toBe("not_found");
  });

  it("CONN-4 one connection can be in several namespaces, and each is left separately", async () => {
    const server = await startServer({ store });
    const chat = await server.connect("root", { roles: ["admin"] });
    const admin = chat.socket.io.socket("/admin", { auth: { token: tokenOf("root", ["admin"]) } });
    const entered = new Promise<Established>((resolve) => admin.once("system.connection.established", resolve));

    const { namespace } = await entered;
    const [{ connectionId } = { connectionId: "" }] = chat.inbox.of<Established>("system.connection.established");
    admin.disconnect();
    await eventually(async () => (await connections(server)) === 1, "the namespace to be left");

    expect(namespace).toBe("/admin");
    expect(connectionId).not.toBe("");
    await chat.ok("conversation.create", {});
  });

  it("CONN-4 clients that were refused, or left before they were admitted, are not counted", async () => {
    const library = watchLibrary();
    const server = await startServer({ store });

    for (let round = 0; round < 20; round++) {
      const engine = await new RawEngine(server.url).open();
      engine.send(`40/chat,${JSON.stringify({ token: tokenOf("ada") })}`);
      engine.socket.close();
      await engine.ended();
    }
    await refusal(connectWith(server, "nonsense"));

    await eventually(async () => (await connections(server)) === 0, "everybody to be gone");
    await eventually(() => library.sockets("/chat").length === 0, "the library to have forgotten them");
  });

  it("CONN-7 a client is in its user's room and in broadcast from the moment it is connected", async () => {
    const server = await startServer({ store });
    const admin = await server.connect("root", { namespace: "/admin", roles: ["admin"] });
    const ada = await server.connect("ada");
    const script = await server.connectWebSocket("ada");

    await admin.ok("admin.announce", { message: "to all", level: "info" });
    await server.request("POST", "/api/users/ada/notifications", {
      as: "backend",
      roles: ["service"],
      body: { title: "to you", level: "info" },
    });

    for (const { inbox } of [ada, script]) {
      await inbox.one(EventType.Notification);
      await inbox.one(EventType.Announcement);
    }
  });

  it("CONN-7 without autoJoin a client is in no room, and joins rooms with its positions", async () => {
    const server = await startServer({ store });
    const admin = await server.connect("root", { namespace: "/admin", roles: ["admin"] });
    const ada = await server.connect("ada", { auth: { autoJoin: false } });

    await admin.ok("admin.announce", { message: "missed", level: "info" });
    await ada.ok("conversation.create", {});
    const own = await ada.ok("join_room", { room: "user:ada" });
    await ada.ok("conversation.create", { id: "marker" });

    expect(own.events.map(({ type }) => type)).toEqual([EventType.ConversationUpdated]);
    expect((await ada.one(EventType.ConversationUpdated)).data.conversation.id).toBe("marker");
    expect(ada.seen(EventType.Announcement)).toEqual([]);
  });

  it("CONN-7 in other namespaces a client is in no room of /chat", async () => {
    const server = await startServer({ store });
    const admin = await server.connect("root", { namespace: "/admin", roles: ["admin"] });
    const monitor = await server.connect("mona", { namespace: "/monitoring", roles: ["monitor"] });

    await admin.ok("admin.announce", { message: "to /chat", level: "info" });
    await monitor.command("system.pong", { timestamp: 1 });

    expect(monitor.inbox.of(EventType.Announcement)).toEqual([]);
    expect(admin.inbox.of(EventType.Announcement)).toEqual([]);
  });

  it("CONN-10 the log has no token, at the lowest level, whatever is done with it", async () => {
    const server = await startServer({ store, env: { LOG_LEVEL: "debug" } });
    const token = tokenOf("ada");
    const expired = tokenOf("ada", ["user"], { exp: 1 });
    const headers = { authorization: `Bearer ${token}` };

    const ada = connectWith(server, token);
    await ada.inbox.one("system.connection.established");
    await ada.ok("system.token.refresh", { token });
    await ada.refused("system.token.refresh", { token: expired });
    await ada.refused(token, { token });
    await ada.refused("chat_message", { token, conversationId: token, message: token });
    await refusal(connectWith(server, expired));
    await refusal(server.client("ada", { auth: { token: undefined }, io: { query: { token } } }));
    await refusalByWebSocket(server, `/ws?token=${expired}`);
    const plain = server.rawWebSocket(`/ws?token=${token}`, { headers });
    await plain.inbox.one("system.connection.established");
    await plain.command("system.token.refresh", { token });
    plain.socket.send(JSON.stringify({ type: token, payload: { token } }));
    await plain.inbox.one("system.error");
    await server.request("GET", `/api/conversations?token=${token}`, { headers });
    await server.request("POST", `/api/${token}`, { headers, body: { token } });
    ada.close();
    plain.close();
    await eventually(() => server.lines.filter((line) => line.includes("disconnected")).length === 2, "the log");

    const log = server.lines.join("");
    expect(log).toContain('"command"');
    for (const secret of [token, expired, testSecret]) {
      expect(log).not.toContain(secret);
      // The signature alone would do for whoever knows the rest.
      expect(log).not.toContain(secret.split(".").at(-1));
    }
  });
});
