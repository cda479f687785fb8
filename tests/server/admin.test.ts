import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "@jest/globals";
import { adminMessages } from "../../shared/admin-messages.ts";
import type { CommandInput, CommandName } from "../../shared/commands/catalogue.ts";
import type { ServerStats } from "../../shared/entities/server-stats.ts";
import { EventType } from "../../shared/event-type.ts";
import type { Role } from "../../shared/role.ts";
import type { Inbox } from "../support/inbox.ts";
import { progressOf, tell } from "../support/monitoring.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";
import { eventually } from "../support/within.ts";

const admin = { namespace: "/admin", roles: ["admin"] } as const;

/** Tests ask until something holds. */
const env = { LIMIT_COMMANDS_PER_SECOND: "100000", LIMIT_COMMANDS_BURST: "100000" };

const connectionIdOf = ({ inbox }: { inbox: Inbox }) =>
  inbox.of<{ connectionId: string }>("system.connection.established")[0]?.connectionId ?? "";

/** What was written down about who did what. */
const audited = (server: TestServer) =>
  server.lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ audit }) => audit === true);

const bad: [CommandName<"/admin">, unknown][] = [
  ["admin.stats", { extra: 1 }],
  ["admin.connections", { limit: 0 }],
  ["admin.connections", { limit: 201 }],
  ["admin.connections", { cursor: "no cursor" }],
  ["admin.connections", { userId: "a b" }],
  ["admin.connections", { namespace: "/nowhere" }],
  ["admin.rooms", { cursor: "" }],
  ["admin.rooms", { cursor: "e30" }],
  ["admin.rooms", { prefix: "x".repeat(161) }],
  ["admin.room", {}],
  ["admin.room", { room: "task:*" }],
  ["admin.disconnect", { reason: "neither" }],
  ["admin.disconnect", { userId: "ada", connectionId: "1", reason: "both" }],
  ["admin.disconnect", { userId: "ada" }],
  ["admin.disconnect", { userId: "ada", reason: "" }],
  ["admin.disconnect", { userId: "ada", reason: "x".repeat(501) }],
  ["admin.log_level", { level: "silly" }],
  ["admin.log_level", null],
  ["admin.announce", { message: "", level: "info" }],
];

describe("the admin namespace", () => {
  it("ADMIN-5 an admin changes the log level at run time", async () => {
    const server = await startServer({ env: { LOG_LEVEL: "warn" } });
    const root = await server.connect("root", admin);
    const commandsIn = (lines: string[]) => lines.filter((line) => line.includes('"message":"command"')).length;

    const quiet = commandsIn(server.lines);
    const reply = await root.ok("admin.log_level", { level: "debug" });
    await root.ok("admin.stats", {});
    const loud = commandsIn(server.lines);
    await root.ok("admin.log_level", { level: "error" });
    const before = server.lines.length;
    await root.ok("admin.stats", {});

    expect(reply).toEqual({ level: "debug" });
    expect([quiet, loud]).toEqual([0, 1]);
    expect(server.lines.length).toBe(before);
    expect(audited(server)).toMatchObject([{ message: "log level changed", by: "root", to: "debug" }]);
  });

  it("ADMIN-6 the namespace is for admins, and can be switched off", async () => {
    const server = await startServer({ env });
    const shut = await startServer({ env: { ADMIN_ENABLED: "false" } });

    const codes = [];
    for (const role of ["user", "agent", "monitor", "service"] satisfies Role[]) {
      const refused = await server.client("eve", { namespace: "/admin", roles: [role] }).inbox.one("connect_error");
      codes.push((refused as { data?: { code: string } }).data?.code);
    }
    const closed = await shut.client("root", admin).inbox.one<{ data?: { code: string } }>("connect_error");
    // Neither does another namespace carry its commands.
    const elsewhere = await (await server.connect("root", { roles: ["admin"] })).refused("admin.stats", {});

    expect(codes).toEqual(["forbidden", "forbidden", "forbidden", "forbidden"]);
    expect(closed.data?.code).toBe("forbidden");
    expect(elsewhere.code).toBe("unknown_command");
  });

  it("ADMIN-7 an invalid payload is refused, and nothing happens", async () => {
    const server = await startServer({ env });
    const root = await server.connect("root", admin);
    const ada = await server.connect("ada");

    const codes = [];
    for (const [name, payload] of bad) codes.push((await root.refused(name, payload)).code);
    await root.ok("admin.announce", { message: "marker", level: "info" } satisfies CommandInput<
      "/admin",
      "admin.announce"
    >);

    expect(codes).toEqual(bad.map(() => "invalid_payload"));
    expect((await ada.one(EventType.Announcement)).data.message).toBe("marker");
    expect(ada.inbox.of("system.connection.close")).toEqual([]);
    expect(audited(server).map(({ message }) => message)).toEqual(["announced"]);
  });
});

describe.each(stores)("the admin namespace (%s)", (store) => {
  it("ADMIN-1 all connections are listed with their details, from all doors", async () => {
    const server = await startServer({ store, env });
    const root = await server.connect("root", admin);
    const ada = await server.connect("ada");
    await ada.ok("conversation.create", { id: "42" });
    await ada.ok("join_room", { room: "conversation:42" });
    await server.connectWebSocket("bob");
    await server.eventStream("cy", "topics=health", { roles: ["monitor"] });
    const connectionId = connectionIdOf(ada);

    // What it is in is told with the next report.
    const listed = async () => (await root.ok("admin.connections", {})).connections;
    await eventually(async () => {
      const found = await listed();
      return found.length === 4 && found.find(({ userId }) => userId === "ada")?.rooms === 3;
    }, "all four with their rooms");

    const connections = await listed();
    expect(connections.find(({ userId }) => userId === "ada")).toMatchObject({
      connectionId,
      name: "Ada",
      roles: ["user"],
      namespace: "/chat",
      door: "socket.io",
      instanceId: server.server.instanceId,
      state: "active",
      history: [{ from: "connecting" }, { from: "connected" }, { from: "authenticated", to: "active" }],
    });
    expect(connections.map(({ door, namespace }) => `${door} ${namespace}`).toSorted()).toEqual([
      "event-stream /monitoring",
      "socket.io /admin",
      "socket.io /chat",
      "websocket /chat",
    ]);
    const ofBob = await root.ok("admin.connections", { userId: "bob" });
    expect(ofBob.connections.map(({ userId }) => userId)).toEqual(["bob"]);
    const first = await root.ok("admin.connections", { limit: 3 });
    const rest = await root.ok("admin.connections", { limit: 3, cursor: String(first.nextCursor) });
    expect([first.connections.length, rest.connections.length, rest.nextCursor]).toEqual([3, 1, null]);
    ada.close();
    await eventually(async () => (await listed()).length === 3, "Ada's connection to be gone");
  });

  it("ADMIN-2 rooms are listed with their connections, and one room with its members, position and rate", async () => {
    const server = await startServer({ store, env });
    const root = await server.connect("root", admin);
    const [ada] = await server.conversation("42", "ada", "bob");
    const watcher = await server.connect("mo", { namespace: "/monitoring", roles: ["monitor"] });
    await watcher.ok("subscribe", { id: "a", topics: ["task:1", "task:*"] });
    await watcher.ok("subscribe", { id: "b", topics: ["task:1"], types: [EventType.TaskUpdated] });
    const { position } = await ada.ok("chat_message", { conversationId: "42", message: "hello" });

    const rooms = async () =>
      (await root.ok("admin.rooms", {})).rooms.map(({ room, connections }) => `${room} ${connections}`);
    await eventually(async () => (await rooms()).length === 5, "all rooms");
    const listed = await rooms();
    const room = await root.ok("admin.room", { room: "conversation:42" });
    const nobodys = await root.ok("admin.room", { room: "conversation:nobodys" });
    const watched = await root.ok("admin.room", { room: "task:1" });

    expect(listed).toEqual(["broadcast 2", "conversation:42 2", "task:1 1", "user:ada 1", "user:bob 1"]);
    expect(room).toMatchObject({ connections: 2, memberCount: 2, position });
    expect(room.members.map(({ userId }) => userId)).toEqual(["ada", "bob"]);
    expect(room.rate).toBeGreaterThan(0);
    expect(nobodys).toEqual({
      room: "conversation:nobodys",
      connections: 0,
      members: [],
      memberCount: 0,
      position: null,
      rate: 0,
    });
    expect(watched).toMatchObject({ connections: 1, memberCount: 0 });
    await watcher.ok("unsubscribe", { id: "a" });
    expect((await rooms()).includes("task:1 1")).toBe(true);
    await watcher.ok("unsubscribe", { id: "b" });
    await eventually(async () => !(await rooms()).some((line) => line.startsWith("task:1")), "nobody to watch it");
  });

  it("ADMIN-3 statistics of all instances are sent on request, and every two seconds", async () => {
    const server = await startServer({ store, env });
    const root = await server.connect("root", admin);
    const [ada] = await server.conversation("42", "ada", "bob");
    await ada.ok("chat_message", { conversationId: "42", message: "hello" });
    await tell(server, progressOf("1"));

    const counts = { chat: 2, monitoring: 0, admin: 1, agents: 0 };
    const told = () => root.inbox.of<ServerStats>("admin.stats");
    const isWhole = ({ connections, rooms }: ServerStats) => rooms === 4 && isDeepStrictEqual(connections, counts);
    await root.inbox.until(() => told().some(isWhole), "everybody, and their rooms");
    await root.inbox.until(() => told().some(({ deliveriesPerSecond }) => deliveriesPerSecond > 0), "deliveries");
    const instancesNow = async () => (await root.ok("admin.instances", {})).instances;
    const isReported = async () => isDeepStrictEqual((await instancesNow())[0]?.connections, counts);
    await eventually(isReported, "the report of the instance");
    const instances = await instancesNow();
    const stats = await root.ok("admin.stats", {});

    for (const data of told()) adminMessages["admin.stats"].parse(data);
    expect(told().find(isWhole)).toMatchObject({ instances: 1 });
    expect(stats).toMatchObject({ instances: 1, connections: counts });
    expect(instances).toMatchObject([{ instanceId: server.server.instanceId, status: "active", connections: counts }]);
    expect(instances[0]?.memoryBytes).toBeGreaterThan(10_000_000);
    expect(instances[0]?.loopUtilization).toBeGreaterThan(0);
  });

  it("ADMIN-4 an admin closes one connection, or all of a user, and gets their number", async () => {
    const server = await startServer({ store, env });
    const root = await server.connect("root", admin);
    const [laptop, phone] = [await server.connect("ada"), await server.connectWebSocket("ada")];
    const bob = await server.connect("bob");
    const connectionId = connectionIdOf(bob);

    const all = await root.ok("admin.disconnect", { userId: "ada", reason: "noisy" });
    const one = await root.ok("admin.disconnect", { connectionId, reason: "noisy too" });
    await bob.inbox.one("disconnect");
    const again = await root.refused("admin.disconnect", { connectionId: "nobody", reason: "again" });
    const nobody = await root.ok("admin.disconnect", { userId: "nobody", reason: "again" });

    expect([all, one, nobody]).toEqual([{ disconnected: 2 }, { disconnected: 1 }, { disconnected: 0 }]);
    expect(again.code).toBe("not_found");
    for (const { inbox } of [laptop, phone, bob]) {
      expect(await inbox.one("system.connection.close")).toEqual({ reason: "kicked" });
    }
    const lines = audited(server).map(({ message, by, of, connectionId: id, reason }) => [
      message,
      by,
      of ?? id,
      reason,
    ]);
    expect(lines).toEqual([
      ["disconnected by an admin", "root", "ada", "noisy"],
      ["disconnected by an admin", "root", connectionId, "noisy too"],
      ["disconnected by an admin", "root", "nobody", "again"],
    ]);
  });
});
