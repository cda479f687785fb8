import { describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import { limits } from "../../shared/limits.ts";
import type { Role } from "../../shared/role.ts";
import { asService, dispatch, result } from "../support/dispatching.ts";
import { healthOf, tell } from "../support/monitoring.ts";
import { startServer } from "../support/server.ts";
import { clockAhead } from "../support/skewed-stores.ts";
import { startAgent } from "../support/test-agent.ts";
import { texts } from "../support/test-client.ts";
import { tokenOf } from "../support/tokens.ts";
import { conversationId, messages, room, say, sharedEnv } from "./cluster.ts";

const dayMs = 86_400_000;
const nowSeconds = Math.floor(Date.now() / 1000);
/** Good at an instance that is days ahead, too. */
const claims = { exp: nowSeconds + 30 * 86_400, iat: nowSeconds - 60 };

/** An instance whose clock is right, and one that is ahead by so much; `ask` asks the latter. */
async function start(aheadMs: number) {
  const shared = await sharedEnv();
  const a = await startServer({ env: shared });
  const b = await startServer({ env: shared, overrides: { clock: clockAhead(aheadMs) } });
  const ask = (method: string, path: string, sub: string, role: Role, body?: object) =>
    fetch(b.url + path, {
      method,
      headers: { authorization: `Bearer ${tokenOf(sub, [role], claims)}`, "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
  return { a, b, ask };
}

describe("instances whose clocks differ", () => {
  it.each([8 * dayMs, -8 * dayMs])(
    "TIME-2 a join at an instance whose clock is %i ms ahead drops nothing of a log",
    async (aheadMs) => {
      const { a, b } = await start(aheadMs);
      const ada = await a.connect("ada");
      await ada.ok("conversation.create", { id: conversationId, members: ["bob"] });
      const written = Array.from({ length: 40 }, (_, i) => `${i}`);
      for (const text of written) await say(ada, text);

      const bob = await b.connect("bob", { claims });
      const { events: latest = [] } = await bob.ok("join_room", { room, limit: 100 });
      await say(bob, "and more");
      const { events = [], recovered } = await ada.ok("join_room", { room, after: { epoch: "none", offset: 0 } });

      expect(texts(latest)).toEqual(written);
      expect(recovered).toBe(false);
      expect(texts(events)).toEqual([...written, "and more"]);
    },
  );

  it.each([11 * 60_000, -11 * 60_000])(
    "TIME-2 an id that is sent again to an instance whose clock is %i ms ahead is one message",
    async (ms) => {
      const { a, b } = await start(ms);
      const ada = await a.connect("ada");
      await ada.ok("conversation.create", { id: conversationId, members: [] });
      await ada.ok("join_room", { room });
      const again = await b.connect("ada", { claims });

      const first = await say(ada, "once", { id: "m-1" });
      const second = await say(again, "once", { id: "m-1" });
      const third = await say(ada, "once", { id: "m-1" });
      await say(again, "marker");
      await ada.inbox.until(() => texts(messages(ada)).includes("marker"), "the marker");

      expect([second, third]).toEqual([first, first].map((reply) => ({ ...reply, duplicate: true })));
      expect(texts(messages(ada))).toEqual(["once", "marker"]);
    },
  );

  it("TIME-2 a dispatch that has waited for days by the clock of its instance is assigned", async () => {
    const { a, b } = await start(-8 * dayMs);

    const { messageId } = await dispatch(b, { agentId: "coder", queue: true, timeoutMs: 60_000 });
    const agent = await startAgent(a, "coder");
    await agent.respond(await agent.nextDispatch(), { content: "done" });

    expect(await result(a, messageId)).toMatchObject({ status: "completed", outcome: { content: "done" } });
  });

  it("TIME-2 a response that was written days ago by the clock of its instance ends with all of its text", async () => {
    const { a, b } = await start(-8 * dayMs);
    const [ada] = await a.conversation(conversationId, "ada");
    const agent = await startAgent(b, "coder");
    await dispatch(a, { agentId: "coder", sessionId: conversationId });
    const message = await agent.nextDispatch();
    await agent.progress(message, { delta: "Once upon a time" });
    await ada.one(EventType.ChatResponseDelta);
    // So much that a look at the end of the log does not reach it.
    const chatter = { room, type: EventType.ChatMessage, data: { message: "chatter" } };
    for (let i = 0; i < 3; i++) {
      const body = Array(limits.eventsPerRequest).fill(chatter);
      await b.request("POST", "/api/events", { ...asService, body });
    }

    await agent.respond(message, { usage: { tokens: 4 } });

    expect((await ada.one(EventType.ChatResponse)).data).toMatchObject({
      status: "complete",
      message: "Once upon a time",
    });
  });

  it("TIME-2 an agent that makes progress does so in the view of every instance", async () => {
    const { a, ask } = await start(8 * dayMs);
    const agent = await startAgent(a, "coder");
    await dispatch(a, { agentId: "coder" });
    await agent.progress(await agent.nextDispatch());

    const here = (await a.request("GET", "/api/agents/coder", asService)).body as { verdict: { state: string } };
    const there = (await (await ask("GET", "/api/agents/coder", "backend", "service")).json()) as typeof here;

    expect([here.verdict.state, there.verdict.state]).toEqual(["progressing", "progressing"]);
  });

  it("TIME-2 the health of a component is what was said last, wherever that was", async () => {
    const { a, b, ask } = await start(8 * dayMs);
    const monitor = { namespace: "/monitoring", roles: ["monitor"], claims } as const;
    const watchers = [await a.connect("mona", monitor), await b.connect("mona", monitor)];
    for (const watcher of watchers) await watcher.ok("subscribe", { id: "s", topics: ["health"] });

    await ask("POST", "/api/events", "backend", "service", healthOf("search", "down"));
    for (const watcher of watchers) await watcher.one(EventType.HealthUpdate);
    await tell(a, healthOf("search", "ok"));
    for (const watcher of watchers) await watcher.one(EventType.HealthUpdate);
    const seen: unknown[] = [];
    for (const server of [a, b]) {
      const late = await server.connect("max", monitor);
      const { latest = [] } = await late.ok("subscribe", { id: "s", topics: ["health"] });
      seen.push(latest.map(({ data }) => data));
    }

    expect(seen).toEqual([1, 2].map(() => [{ component: "search", status: "ok" }]));
  });

  it("TIME-2 a user who was revoked at an instance whose clock is days ahead can return with a new token", async () => {
    const { a, ask } = await start(8 * dayMs);

    const revoked = await ask("POST", "/api/revocations", "root", "admin", { userId: "ada" });
    const old = a.client("ada", { claims });
    const refusal = await old.inbox.one("connect_error");
    // Issued in the next second: tokens count whole ones.
    const again = await a.connect("ada", { claims: { iat: Math.floor(Date.now() / 1000) + 1 } });

    expect(revoked.status).toBeLessThan(300);
    expect(refusal).toMatchObject({ data: { code: "unauthenticated" } });
    await again.ok("conversation.list", {});
  });
});
