import { describe, expect, it } from "@jest/globals";
import { TraceStep } from "../../shared/entities/trace.ts";
import { EventType } from "../../shared/event-type.ts";
import type { Inbox } from "../support/inbox.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { storeEnv, stores } from "../support/stores.ts";
import type { TestClient } from "../support/test-client.ts";
import { eventually } from "../support/within.ts";

const admin = { namespace: "/admin", roles: ["admin"] } as const;
const room = "conversation:42";

const connectionIdOf = ({ inbox }: { inbox: Inbox }) =>
  inbox.of<{ connectionId: string }>("system.connection.established")[0]?.connectionId ?? "";

/** What a trace has told so far, as short texts. */
function stepsOf({ inbox }: TestClient<"/admin">): string[] {
  return inbox.of("admin.trace").map((data) => {
    const step = TraceStep.parse(data);
    if (step.step === "command") return `command ${step.command} ${step.code ?? "ok"}`;
    if (step.step === "left_out") return "left_out";
    const { id } = step.event;
    if (step.step === "published") return `published ${id} by ${step.by}`;
    if (step.step === "audience") return `audience ${id} ${step.connections}`;
    return `${step.step} ${id} ${step.userId}${step.step === "dropped" ? ` ${step.why}` : ""}`;
  });
}

const until = (root: TestClient<"/admin">, step: string) =>
  root.inbox.until(() => stepsOf(root).includes(step), `${step}; so far: ${stepsOf(root).join(", ")}`);

const say = (client: TestClient, id: string) =>
  client.ok("chat_message", { conversationId: "42", message: "hello", id });

const known = (server: TestServer, root: TestClient<"/admin">, connectionId: string) =>
  eventually(async () => {
    const { connections } = await root.ok("admin.connections", { limit: 200 });
    return connections.some((connection) => connection.connectionId === connectionId);
  }, `${server.url} to know of it`);

/** For those who ask until it is so. */
const unhurried = { LIMIT_COMMANDS_PER_SECOND: "100000", LIMIT_COMMANDS_BURST: "100000" };

describe.each(stores)("a trace (%s)", (store) => {
  const env = unhurried;

  it("TRACE-1 a trace of a room reports who published, and to whom it was delivered and written", async () => {
    const server = await startServer({ store, env });
    const root = await server.connect("root", admin);
    const [ada] = await server.conversation("42", "ada", "bob");
    await server.connect("cy");

    const { traceId, until: end } = await root.ok("admin.trace", { room, seconds: 60 });
    await say(ada, "m-1");
    for (const sub of ["ada", "bob"]) await until(root, `written m-1 ${sub}`);

    expect(Date.parse(end)).toBeGreaterThan(Date.now());
    expect(stepsOf(root).toSorted()).toEqual([
      "audience m-1 2",
      "delivered m-1 ada",
      "delivered m-1 bob",
      "published m-1 by ada",
      "written m-1 ada",
      "written m-1 bob",
    ]);
    const [first] = root.inbox.of<{ traceId: string; event: { position: unknown } }>("admin.trace");
    expect(first).toMatchObject({ traceId, instanceId: server.server.instanceId });
  });

  it("TRACE-2 a trace of a connection reports its commands and events, and why it did not get others", async () => {
    const server = await startServer({ store, env });
    const root = await server.connect("root", admin);
    const [ada, bob] = await server.conversation("42", "ada", "bob");
    const watcher = await server.connect("mo", { namespace: "/monitoring", roles: ["monitor"] });
    await watcher.ok("subscribe", { id: "a", topics: ["task:*"], types: [EventType.TaskUpdated] });

    for (const client of [bob, watcher]) {
      await known(server, root, connectionIdOf(client));
      await root.ok("admin.trace", { connectionId: connectionIdOf(client), seconds: 60 });
    }
    await say(ada, "m-1");
    await say(bob, "m-2");
    await bob.refused("chat_message", { conversationId: "elsewhere", message: "?" });
    await bob.ok("leave_room", { room });
    await say(ada, "m-3");
    const created = await server.request("POST", "/api/tasks", {
      as: "backend",
      roles: ["service"],
      body: { id: "t-1", title: "T" },
    });
    await root.inbox.until(() => stepsOf(root).some((step) => step.endsWith("mo filtered_by_type")), "the filter");
    await until(root, "dropped m-3 bob not_a_member");

    expect(created.status).toBe(201);
    const steps = stepsOf(root).filter((step) => step.includes("bob") || step.startsWith("command"));
    expect(steps).toEqual(expect.arrayContaining(["delivered m-1 bob", "written m-1 bob", "published m-2 by bob"]));
    expect(steps).toEqual(
      expect.arrayContaining(["command chat_message ok", "command chat_message not_found", "command leave_room ok"]),
    );
    expect(stepsOf(root)).not.toContain("delivered m-1 ada");
  });

  it("TRACE-3 a trace reports that a client that did not read was closed", async () => {
    const server = await startServer({ store, env: { ...env, LIMIT_BACKLOG_BYTES: "65536" } });
    const root = await server.connect("root", admin);
    const [ada] = await server.conversation("42", "ada");
    await ada.ok("conversation.add_members", { conversationId: "42", userIds: ["slow"] });
    const slow = await server.connectWebSocket("slow", { query: "&conversation_id=42" });
    await slow.inbox.one("reply");
    await root.ok("admin.trace", { room, seconds: 60 });
    slow.socket.pause();

    const message = "x".repeat(16_000);
    for (let index = 0; index < 2_000 && !stepsOf(root).some((step) => step.endsWith("backlog")); index++) {
      await ada.ok("chat_message", { conversationId: "42", message });
    }
    await root.inbox.until(() => stepsOf(root).some((step) => step.endsWith("slow backlog")), "the drop");
    slow.socket.resume();
  });

  it("TRACE-4 a trace is refused for unknown targets, and beyond a limit; it ends with the connection that asked", async () => {
    const server = await startServer({ store, env });
    const root = await server.connect("root", admin);
    const other = await server.connect("other", admin);

    const codes = [];
    for (const payload of [
      { connectionId: "nobody", seconds: 1 },
      { room, seconds: 0 },
      { room, seconds: 301 },
      { room: "task:*", seconds: 1 },
      { seconds: 1 },
      { room, connectionId: "both", seconds: 1 },
    ]) {
      codes.push((await root.refused("admin.trace", payload)).code);
    }
    for (let index = 0; index < 5; index++) await root.ok("admin.trace", { room, seconds: 60 });
    codes.push((await root.refused("admin.trace", { room, seconds: 60 })).code);
    root.close();
    const [ada] = await server.conversation("42", "ada");
    await other.ok("admin.trace", { room, seconds: 60 });
    await say(ada, "m-1");
    await until(other, "written m-1 ada");

    expect(codes).toEqual(["not_found", ...Array.from({ length: 5 }, () => "invalid_payload"), "limit_exceeded"]);
    expect(server.lines.filter((line) => line.includes('"message":"traced"'))).toHaveLength(6);
  });

  it("TRACE-5 a trace reports a hundred steps a second, and the number of those left out", async () => {
    const server = await startServer({ store, env });
    const root = await server.connect("root", admin);
    const [ada] = await server.conversation("42", "ada", "bob");
    await root.ok("admin.trace", { room, seconds: 60 });

    await Promise.all(Array.from({ length: 500 }, (_, index) => say(ada, `m-${index}`)));
    await root.inbox.until(() => stepsOf(root).includes("left_out"), "what was left out");
    const told = root.inbox.of<{ step: string; steps?: number }>("admin.trace");
    // A burst that takes longer than a second has a hundred steps of each before something is left out.
    expect(stepsOf(root).indexOf("left_out")).toBeGreaterThanOrEqual(100);
    expect(told.find(({ step }) => step === "left_out")?.steps).toBeGreaterThan(0);
  });
});

describe("a trace over two instances", () => {
  it("TRACE-6 it reports the steps of both", async () => {
    const env = { ...(await storeEnv("redis")), ...unhurried };
    const [a, b] = [await startServer({ store: "memory", env }), await startServer({ store: "memory", env })];
    const root = await a.connect("root", admin);
    const [ada] = await a.conversation("42", "ada", "bob");
    const bob = await b.connect("bob");
    await bob.ok("join_room", { room });
    await known(b, root, connectionIdOf(bob));

    await root.ok("admin.trace", { room, seconds: 60 });
    // The other instance has to hear of it first. What instances tell each other keeps its order, so that it knows of
    // this trace when it knows of the next: a trace tells so much a second and no more, and this one is spared.
    await ada.ok("conversation.create", { id: "43", members: ["bob"] });
    await bob.ok("join_room", { room: "conversation:43" });
    const { traceId: next } = await root.ok("admin.trace", { room: "conversation:43", seconds: 60 });
    const heard = () =>
      root.inbox
        .of<{ traceId: string; instanceId: string }>("admin.trace")
        .some(({ traceId, instanceId }) => traceId === next && instanceId === b.server.instanceId);
    await eventually(async () => {
      await ada.ok("chat_message", { conversationId: "43", message: "hello" });
      return heard();
    }, "the other instance to hear of it");
    await say(bob, "last");
    await root.inbox.until(
      () =>
        stepsOf(root).includes("published last by bob") &&
        stepsOf(root).filter((step) => step === "written last bob").length === 2,
      "both",
    );

    const published = root.inbox
      .of<{ step: string; instanceId: string; event?: { id: string } }>("admin.trace")
      .find(({ step, event }) => step === "published" && event?.id === "last");
    expect(published?.instanceId).toBe(b.server.instanceId);
  });
});
