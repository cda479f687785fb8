import { describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import type { Reply } from "../../shared/reply.ts";
import { asService } from "../support/dispatching.ts";
import { Raw } from "../support/escaped.ts";
import { doors } from "../support/escaping-doors.ts";
import { startServer } from "../support/server.ts";
import { tokenOf } from "../support/tokens.ts";

const large = "2512292042121000001";

/** JSON that `JSON.parse` would change, by the path that is refused. */
const inexact: [path: string, json: string][] = [
  ["metadata.order", `{"conversationId":"42","message":"hi","metadata":{"order":${large}}}`],
  ["metadata.list.1.n", `{"conversationId":"42","message":"hi","metadata":{"list":[0,{"n":-${large}}]}}`],
  ["metadata.n", `{"conversationId":"42","message":"hi","metadata":{"n":1e400}}`],
  ["metadata.a", `{"conversationId":"42","message":"hi","metadata":{"a":1,"b":2,"a":1}}`],
  ["message", `{"conversationId":"42","message":"hi","message":"ho"}`],
];

const refused = (path: string) => ({
  code: "invalid_payload",
  message: expect.stringContaining(path),
  details: [{ path, message: expect.stringMatching(/twice|string/) }],
});

describe.each(Object.entries(doors))("JSON at %s", (_door, open) => {
  it.each(inexact)(
    "JSON-1 what would be changed at %s is refused by its name, and the client goes on",
    async (path, json) => {
      const server = await startServer();
      const [ada] = await server.conversation("42", "ada");
      const send = await open(server, "/chat", tokenOf("ada"));

      const reply = await send("chat_message", new Raw(json));
      const exact =
        '{"conversationId":"42","message":"a: \\"b\\":1","metadata":{"n":9007199254740991,"x":0.30000000000000004}}';
      const next = await send("chat_message", new Raw(exact));

      expect(reply).toMatchObject({ ok: false, error: refused(path) });
      expect(next).toMatchObject({ ok: true });
      const { data } = await ada.one(EventType.ChatMessage);
      expect(data).toMatchObject(JSON.parse(exact.replace('"conversationId":"42",', "")));
    },
  );
});

describe("JSON at the other doors", () => {
  it("JSON-1 a doubled field of a frame is refused at /ws", async () => {
    const server = await startServer();
    const ada = await server.connectWebSocket("ada");

    ada.socket.send('{"type":"conversation.list","id":"1","id":"2","payload":{}}');

    const { payload } = await ada.inbox.one<{ payload: Reply<unknown> }>("reply");
    expect(payload).toMatchObject({ ok: false, error: refused("id") });
  });

  it.each([
    ["/api/tasks", "metadata.n", `{"title":"t","metadata":{"n":${large}}}`],
    ["/api/tasks/t1/checkpoints", "state.at", `{"state":{"at":${large}}}`],
    ["/api/dispatches", "context.n", `{"capability":"x","content":"c","context":{"n":${large}}}`],
    ["/api/dispatches", "content", '{"capability":"x","content":"c","content":"d"}'],
    [
      "/api/events",
      "0.data.details.n",
      `[{"room":"alerts","type":"alert_created","data":{"alertId":"a","severity":"info","title":"t","details":{"n":${large}}}}]`,
    ],
  ])("JSON-1 POST %s refuses what would be changed at %s", async (route, path, body) => {
    const server = await startServer();
    await server.request("POST", "/api/tasks", { ...asService, body: { id: "t1", title: "t" } });

    const answer = await server.request("POST", route, { ...asService, body });

    expect(answer.body).toMatchObject({ status: 400, code: "invalid_payload", details: refused(path).details });
  });

  it("JSON-1 the agents' bridge refuses what would be changed", async () => {
    const server = await startServer();
    const { socket, inbox } = server.rawWebSocket(`/ws/agent-bridge?token=${tokenOf("bot", ["agent"])}`);
    await new Promise((resolve) => socket.once("open", resolve));
    socket.on("message", (data) => inbox.put("frame", JSON.parse(String(data))));

    socket.send(`{"type":"register","agent_id":"coder","metadata":{"n":${large}}}`);
    socket.send('{"type":"register","agent_id":"coder","metadata":null}');

    const { code, message } = refused("metadata.n");
    expect(await inbox.one("frame")).toMatchObject({ type: "error", code, message });
    expect(await inbox.one("frame")).toMatchObject({ type: "registered" });
  });
});
