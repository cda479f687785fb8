import { describe, expect, it } from "@jest/globals";
import { BridgeServerFrame } from "../../shared/plain-websocket/agent-bridge-frames.ts";
import { asService, dispatch, look, result } from "../support/dispatching.ts";
import { Inbox } from "../support/inbox.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";
import type { TestWebSocket } from "../support/test-websocket.ts";
import { tokenOf } from "../support/tokens.ts";

interface Frame {
  type: string;
  code?: string;
  message_id?: string;
  attempt?: number;
}

const tokenFor = (sub: string) => tokenOf(sub, ["agent"]);
const register = { type: "register", agent_id: "coder", capabilities: ["code"], workdir: "/src", metadata: {} };

/** A plain WebSocket whose frames are flat. */
async function open(server: TestServer, query = "") {
  const client: TestWebSocket = server.rawWebSocket(`/ws/agent-bridge${query}`);
  const inbox = new Inbox();
  client.socket.on("message", (data) => {
    const frame = JSON.parse(String(data)) as Frame;
    if (!frame.type.startsWith("system.")) BridgeServerFrame.parse(frame);
    inbox.put(frame.type, frame);
  });
  await new Promise((resolve) => client.socket.once("open", resolve));
  const send = (frame: unknown) => client.socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  return { client, inbox, send };
}

async function openRegistered(server: TestServer, frame: object = register, sub = "bot") {
  const bridge = await open(server, `?token=${tokenFor(sub)}`);
  bridge.send(frame);
  await bridge.inbox.one("registered");
  return bridge;
}

describe("the agent bridge", () => {
  it("BRIDGE-2 a first frame other than register closes the connection with 4001", async () => {
    const server = await startServer();
    const firsts = [{ type: "heartbeat", agent_id: "coder" }, "no json", { type: "dispatch" }, [], null];

    const closings = firsts.map(async (first) => {
      const { client, inbox, send } = await open(server, `?token=${tokenFor("bot")}`);
      send(first);
      const { code } = await client.closed;
      return [code, inbox.of<Frame>("error").map((frame) => frame.code)];
    });

    expect(await Promise.all(closings)).toEqual(firsts.map(() => [4001, ["conflict"]]));
  });

  it("BRIDGE-2 a missing, invalid or wrong token is reported, and closes the connection", async () => {
    const server = await startServer();
    const past = Math.floor(Date.now() / 1000) - 3_600;
    const tokens = [null, "nonsense", tokenOf("ada", ["user"]), tokenOf("bot", ["agent"], { exp: past })];

    const closings = tokens.map(async (auth_token) => {
      const { client, inbox, send } = await open(server);
      send({ ...register, auth_token });
      const { code } = await client.closed;
      return [code, inbox.of<Frame>("error").map((frame) => frame.code)];
    });

    expect(await Promise.all(closings)).toEqual([
      [4000, ["unauthenticated"]],
      [4000, ["unauthenticated"]],
      [4003, ["forbidden"]],
      [4011, ["token_expired"]],
    ]);
  });

  it("BRIDGE-3 a refused frame gets an error code of the protocol, and the connection continues", async () => {
    const server = await startServer();
    const { inbox, send } = await openRegistered(server);
    const about = { message_id: "nothing" };

    const frames: [unknown, string, string | null][] = [
      ["no json", "invalid_payload", null],
      [{ type: "unknown" }, "invalid_payload", null],
      [{ ...register }, "conflict", null],
      [{ type: "heartbeat", agent_id: "other" }, "forbidden", null],
      [{ type: "progress", ...about, agent_id: "other", status: "working" }, "forbidden", "nothing"],
      [{ type: "response", ...about, agent_id: "other", content: "x" }, "forbidden", "nothing"],
      [{ type: "progress", ...about }, "invalid_payload", "nothing"],
      [{ type: "progress", ...about, status: "working" }, "not_found", "nothing"],
      [{ type: "response", ...about, content: "x", extra: 1 }, "invalid_payload", "nothing"],
      [{ type: "response", ...about, content: "x" }, "not_found", "nothing"],
      [{ type: "response", ...about, attempt: 0 }, "invalid_payload", "nothing"],
      [{ type: "system.token.refresh", token: "nonsense" }, "unauthenticated", null],
    ];
    const answers: unknown[] = [];
    for (const [frame] of frames) {
      send(frame);
      const { code, message_id } = await inbox.one<Frame>("error");
      answers.push([code, message_id]);
    }
    send({ type: "system.token.refresh", token: tokenFor("bot") });
    send({ type: "heartbeat" });

    expect(answers).toEqual(frames.map(([, code, messageId]) => [code, messageId]));
    expect(await inbox.one("heartbeat")).toEqual({ type: "heartbeat", agent_id: "coder", cancel: [] });
  });
});

describe.each(stores)("the agent bridge (%s)", (name) => {
  it("BRIDGE-1 an agent registers, carries out its dispatch, and reports in flat frames", async () => {
    const server = await startServer({ store: name });
    const { inbox, send } = await open(server);

    send({ ...register, auth_token: tokenFor("bot") });
    const registered = await inbox.one("registered");
    const { messageId } = await dispatch(server, { agentId: "coder", context: { a: 1 } });
    const sent = await inbox.one<Frame>("dispatch");
    send({
      type: "progress",
      message_id: messageId,
      agent_id: "coder",
      status: "working",
      progress_text: "half",
      percent: 50,
      delta: null,
      metadata: null,
    });
    send({ type: "heartbeat", agent_id: "coder" });
    const heartbeat = await inbox.one("heartbeat");
    send({
      type: "response",
      message_id: messageId,
      agent_id: "coder",
      content: "done",
      usage: { tokens: 2 },
      error: null,
    });
    const ended = await result(server, messageId);

    expect(inbox.all[0]?.name).toBe("registered");
    expect(registered).toEqual({
      type: "registered",
      agent_id: "coder",
      lease_ms: 30_000,
      heartbeat_interval_ms: 10_000,
      resume: [],
      cancel: [],
    });
    expect(sent).toMatchObject({
      message_id: messageId,
      attempt: 1,
      content: "do it",
      context: { a: 1 },
      session_id: null,
      task_id: null,
    });
    expect(heartbeat).toEqual({ type: "heartbeat", agent_id: "coder", cancel: [] });
    expect(ended).toMatchObject({ status: "completed", outcome: { content: "done", usage: { tokens: 2 } } });
  });

  it("BRIDGE-4 a cancelled dispatch is sent to the agent, and its later reports are refused", async () => {
    const server = await startServer({ store: name });
    const { inbox, send } = await openRegistered(server);
    const { messageId } = await dispatch(server, { agentId: "coder" });
    await inbox.one("dispatch");

    await server.request("DELETE", `/api/dispatches/${messageId}`, asService);
    const cancel = await inbox.one("cancel");
    send({ type: "progress", message_id: messageId, attempt: 1, status: "working" });
    const again = await inbox.one("cancel");
    send({ type: "response", message_id: messageId, attempt: 1, content: "late" });
    const error = await inbox.one("error");

    expect(cancel).toEqual({ type: "cancel", message_id: messageId, reason: "cancelled: cancelled by Backend" });
    expect(again).toMatchObject({ type: "cancel", message_id: messageId });
    expect(error).toMatchObject({ code: "conflict", message_id: messageId });
    expect((await look(server, messageId)).status).toBe("cancelled");
  });

  it("BRIDGE-5 an agent that reconnects continues its dispatches, and its old connection is closed with 4012", async () => {
    const server = await startServer({ store: name });
    const first = await openRegistered(server);
    const { messageId } = await dispatch(server, { agentId: "coder" });
    await first.inbox.one("dispatch");
    first.send({ type: "progress", message_id: messageId, status: "working" });
    first.send({ type: "heartbeat" });
    await first.inbox.one("heartbeat");

    const second = await open(server, `?token=${tokenFor("bot")}`);
    second.send({ ...register, in_flight: [{ message_id: messageId, attempt: 1 }] });
    // Without waiting for the answer: frames of one agent keep their order.
    second.send({ type: "response", message_id: messageId, content: "done" });
    const registered = await second.inbox.one("registered");
    const { code } = await first.client.closed;

    expect(registered).toMatchObject({ resume: [{ message_id: messageId, attempt: 1 }] });
    expect(code).toBe(4012);
    expect(await result(server, messageId)).toMatchObject({ status: "completed", attempt: 1 });
  });

  it("BRIDGE-6 many agents work at once, each on its own dispatches", async () => {
    const server = await startServer({ store: name });
    const ids = ["a", "b", "c", "d"];
    const bridges = await Promise.all(ids.map((id) => openRegistered(server, { ...register, agent_id: id })));

    const created = await Promise.all(ids.map((agentId) => dispatch(server, { agentId })));
    for (const [index, { inbox, send }] of bridges.entries()) {
      const { message_id } = await inbox.one<Frame>("dispatch");
      send({ type: "response", message_id, content: ids[index] });
    }
    const results = await Promise.all(created.map(({ messageId }) => result(server, messageId)));

    expect(results.map(({ agentId, outcome }) => [agentId, outcome?.content])).toEqual(ids.map((id) => [id, id]));
  });
});
