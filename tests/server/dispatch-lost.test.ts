import { describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import { dispatch, eventsOf, result, shortLease, startWithStore } from "../support/dispatching.ts";
import { startServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";
import { startAgent } from "../support/test-agent.ts";

describe.each(stores)("attempts that are lost (%s)", (name) => {
  it.each([
    ["declines", "declined by the agent"],
    ["garbles", "acknowledged in a way that cannot be read"],
    ["silent", "not acknowledged within 2000 ms"],
  ] as const)(
    "DISPATCH-7 an agent that %s loses the attempt, and another agent gets the next one",
    async (habit, error) => {
      const { server, store } = await startWithStore(name, shortLease);
      const [first, second] = [
        await startAgent(server, "first", { capabilities: ["code"], habit, beatMs: 100 }),
        await startAgent(server, "second", { capabilities: ["code"], concurrency: 2, beatMs: 100 }),
      ];
      const alone = await dispatch(server, { agentId: "first" });
      const lost = await result(server, alone.messageId);
      // The other one has something to do already.
      await dispatch(server, { agentId: "second" });
      await second.nextDispatch();
      const { messageId } = await dispatch(server, { capability: "code", maxAttempts: 2 });

      const message = await second.nextDispatch();
      await second.respond(message);
      const late = await first.respond({ messageId: message.messageId, attempt: 1 });

      expect(lost).toMatchObject({ status: "lost", attempt: 1, outcome: { error } });
      expect(message).toMatchObject({ messageId, attempt: 2 });
      expect(await result(server, messageId)).toMatchObject({ status: "completed", agentId: "second", attempt: 2 });
      expect(late).toEqual({ accepted: false });
      const errors = await eventsOf(store, EventType.AgentError);
      expect(errors.map(({ data }) => [data.attempt, data.status, data.error])).toEqual([
        [1, "lost", error],
        [1, "lost", error],
      ]);
    },
  );

  it("DISPATCH-8 only the newest attempt can complete it; messages of other attempts are answered as stale or unknown", async () => {
    const { server, store } = await startWithStore(name, shortLease);
    const [first, second] = [
      await startAgent(server, "first", { capabilities: ["code"] }),
      await startAgent(server, "second", { beatMs: 200 }),
    ];
    const { messageId } = await dispatch(server, { capability: "code", maxAttempts: 2 });
    const message = await first.nextDispatch();
    await first.progress(message);
    // It goes on with its work, and its server hears nothing of it.
    first.client.close();
    const third = await startAgent(server, "third", { capabilities: ["code"], beatMs: 200 });

    const retried = await third.nextDispatch();
    const again = await startAgent(server, "first", { inFlight: [{ messageId: message.messageId, attempt: 1 }] });
    const stale = [await again.progress(message), await again.respond(message, { content: "late" })];
    const foreign = { messageId, attempt: 2, status: "mine", content: "mine" };
    const refusals = [
      await second.client.refused("progress", { messageId, attempt: 2, status: "mine" }),
      await second.client.refused("response", { messageId, attempt: 2, content: "mine" }),
      await second.client.refused("response", { messageId: "nothing", attempt: 1 }),
      await again.client.refused("response", { messageId, attempt: 2, content: foreign.content }),
    ];
    const accepted = [await third.respond(retried, { content: "in time" }), await third.respond(retried)];

    expect(retried).toMatchObject({ messageId, attempt: 2 });
    expect(stale).toEqual([{ cancel: true }, { accepted: false }]);
    expect(refusals.map(({ code }) => code)).toEqual(Array(4).fill("not_found"));
    expect(accepted).toEqual([{ accepted: true }, { accepted: false }]);
    expect(await result(server, messageId)).toMatchObject({ status: "completed", outcome: { content: "in time" } });
    expect(await eventsOf(store, EventType.AgentResponse)).toHaveLength(1);
  });

  it("DISPATCH-8 of concurrent responses, one is accepted", async () => {
    const { server, store } = await startWithStore(name);
    const agent = await startAgent(server, "coder");
    const { messageId } = await dispatch(server, { agentId: "coder" });
    const message = await agent.nextDispatch();

    const contents = ["a", "b", "c", "d", "e"];
    const replies = await Promise.all(contents.map((content) => agent.respond(message, { content })));

    expect(replies.filter(({ accepted }) => accepted)).toHaveLength(1);
    expect(await eventsOf(store, EventType.AgentResponse)).toHaveLength(1);
    expect((await result(server, messageId)).outcome?.content).toBe("a");
  });

  it("DISPATCH-9 it is lost at its deadline, even if its agent is alive", async () => {
    const server = await startServer({ store: name });
    const agent = await startAgent(server, "coder");
    const running = await dispatch(server, { agentId: "coder", timeoutMs: 400, maxAttempts: 5 });
    const waiting = await dispatch(server, { agentId: "nobody", queue: true, timeoutMs: 400 });
    const message = await agent.nextDispatch();
    await agent.progress(message);

    const [lost, never] = [await result(server, running.messageId), await result(server, waiting.messageId)];
    const notice = await agent.nextCancel();

    const outcome = { error: "the deadline has passed" };
    expect(lost).toMatchObject({ status: "lost", attempt: 1, outcome });
    expect(never).toMatchObject({ status: "lost", attempt: 0, outcome });
    expect(notice.messageId).toBe(running.messageId);
    expect(await agent.respond(message)).toEqual({ accepted: false });
  });
});
