import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, it } from "@jest/globals";
import { dispatch } from "../support/dispatching.ts";
import type { Inbox } from "../support/inbox.ts";
import { requestFor } from "../support/request-for.ts";
import { startServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";
import { startAgent } from "../support/test-agent.ts";
import { tokenOf } from "../support/tokens.ts";
import { upgrade } from "../support/upgrade.ts";
import { eventually, within } from "../support/within.ts";

/** Long enough to go at different moments, also where a machine stands still for a while. */
const windowMs = 2_000;
/** Longer than a test: the clients are let go of when the test closes them. */
const longWindowMs = 600_000;

const asMonitor = { as: "mona", roles: ["monitor"] } as const;

describe("a draining instance", () => {
  it("STOP-7 it refuses new connections with 503 and is not ready, so that a proxy uses other instances", async () => {
    const server = await startServer();
    const ada = await server.connect("ada", { io: { transports: ["polling"] } });
    void server.server.drain(longWindowMs);

    const token = tokenOf("bob");
    const upgrades = ["/socket.io/?EIO=4&transport=websocket", `/ws?token=${token}`, `/ws/agent-bridge?token=${token}`];
    const polling = "/socket.io/?EIO=4&transport=polling";
    const requests = [polling, `${polling}&sid=that-another-instance-has`, "/readyz"];
    const refused = await Promise.all([
      ...upgrades.map(async (path) => (await upgrade(server.url, path)).status),
      ...requests.map(async (path) => {
        const { status, headers } = await server.request("GET", path, asMonitor);
        return `${status} ${headers.get("connection")}`;
      }),
    ]);

    expect(refused).toEqual([503, 503, 503, "503 close", "503 close", "503 close"]);
    // Who was here before goes on over polling, each request of which is one by itself.
    await ada.ok("conversation.create", { id: "42" });
    await ada.ok("chat_message", { conversationId: "42", message: "still here" });
    const isCounted = async () =>
      (await server.request("GET", "/api/websocket/status", { as: null })).body.connections === 1;
    await eventually(isCounted, "the connection that is left");
  });
});

describe.each(stores)("a draining instance (%s)", (store) => {
  it("STOP-5 it closes agents first, then connections, event streams and waiting requests, at random moments", async () => {
    const server = await startServer({ store });
    const gone: { who: string; at: number }[] = [];
    const goes = (who: string) => gone.push({ who, at: performance.now() });
    const isTold = async (who: string, inbox: Inbox) => {
      const { reason } = await inbox.one<{ reason: string }>("system.connection.close");
      goes(`${who} ${reason}`);
    };
    const io = { reconnection: false };
    const [coder, writer] = [await startAgent(server, "coder"), await startAgent(server, "writer")];
    const bridge = server.rawWebSocket(`/ws/agent-bridge?token=${tokenOf("bot", ["agent"])}`);
    await within(new Promise((resolve) => bridge.socket.once("open", resolve)), "the bridge");
    bridge.socket.send(JSON.stringify({ type: "register", agent_id: "tester", capabilities: [] }));
    await bridge.inbox.one("registered");
    const people = [
      await server.connect("ada", { io }),
      await server.connect("bob", { io: { ...io, transports: ["polling"] } }),
      await server.connectWebSocket("cy"),
      await server.eventStream("mona", "topics=*", { roles: ["monitor"] }),
    ];
    const { messageId } = await dispatch(server, { agentId: "nobody", queue: true });
    const paths = [1, 2, 3].map((n) => `/api/events?topics=task:t${n}&wait=55`);
    const asked = [...paths, `/api/dispatches/${messageId}?wait=55`];
    const begun = asked.map(requestFor);
    const waiting = asked.map(async (path) => {
      const { status } = await server.request("GET", path, { as: "mona", roles: ["monitor", "service"] });
      goes(`request ${status}`);
    });
    await Promise.all(begun);

    const told = [
      ...[coder, writer, bridge].map(({ inbox }) => isTold("agent", inbox)),
      ...people.map(({ inbox }) => isTold("person", inbox)),
    ];
    await server.server.drain(windowMs);
    await Promise.all([...told, ...waiting]);

    const others = [...Array(4).fill("person server_shutdown"), ...Array(4).fill("request 200")];
    expect(gone.slice(0, 3).map(({ who }) => who)).toEqual(Array(3).fill("agent server_shutdown"));
    expect(
      gone
        .slice(3)
        .map(({ who }) => who)
        .toSorted(),
    ).toEqual(others);
    expect(new Set(gone.slice(3).map(({ at }) => Math.round(at / 5))).size).toBeGreaterThan(3);
  });

  it("STOP-8 it answers HTTP requests while they arrive, until its window ends", async () => {
    // The requests follow each other as fast as they can.
    const env = { LIMIT_COMMANDS_PER_SECOND: "100000", LIMIT_COMMANDS_BURST: "100000" };
    const server = await startServer({ store, env });
    const post = (id: string) =>
      server.request("POST", "/api/conversations/42/messages", { as: "ada", body: { id, message: "hello" } });
    await server.request("POST", "/api/conversations", { as: "ada", body: { id: "42" } });
    const startedAt = performance.now();
    let isDrained = false;
    const drained = server.server.drain(windowMs).then(() => {
      isDrained = true;
    });

    const answers: unknown[] = [];
    for (let n = 0; !isDrained; n++) {
      const { status, headers } = await post(`m-${n}`);
      answers.push(`${status} ${headers.get("connection")}`);
    }
    await drained;

    expect(new Set(answers)).toEqual(new Set(["201 close"]));
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(windowMs - 1);
  });

  it("STOP-8 it answers a request that arrived on an idle connection before that was closed", async () => {
    const server = await startServer({ store });
    await server.request("POST", "/api/conversations", { as: "ada", body: { id: "42" } });
    const socket = connect(server.server.port, "127.0.0.1");
    const body = JSON.stringify({ message: "hello" });
    const headers = `Host: localhost\r\nAuthorization: Bearer ${tokenOf("ada")}\r\nContent-Type: application/json`;
    const request = `POST /api/conversations/42/messages HTTP/1.1\r\n${headers}\r\nContent-Length: ${body.length}\r\n\r\n`;
    let answered = "";
    socket.setEncoding("utf8").on("data", (text) => (answered += text));
    socket.write(request + body);
    await eventually(() => answered.includes("\r\n\r\n{"), "the first answer");
    answered = "";
    const ended = once(socket, "close");
    await server.server.drain(0);

    // Both in one turn: the server has not read the request when it begins to close.
    socket.write(request + body);
    await server.server.close();
    await ended;

    expect(answered).toMatch(/^HTTP\/1.1 201 /);
  });
});
