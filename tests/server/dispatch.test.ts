import { describe, expect, it } from "@jest/globals";
import { startServer, type TestServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";
import { startAgent } from "../support/test-agent.ts";

const asService = { as: "backend", roles: ["service"] as const };

const dispatch = (server: TestServer, body: object) =>
  server.request("POST", "/api/dispatches", { ...asService, body: { content: "do it", ...body } });

const result = (server: TestServer, messageId: unknown, wait = 10) =>
  server.request("GET", `/api/dispatches/${messageId}?wait=${wait}`, asService);

describe.each(stores)("dispatch (%s)", (store) => {
  it("DISPATCH-1 is sent to its agent, and its result given to who waits", async () => {
    const server = await startServer({ store });
    const agent = await startAgent(server, "coder");

    const created = await dispatch(server, { agentId: "coder", context: { branch: "main" } });
    const waiting = result(server, created.body.messageId);
    const message = await agent.nextDispatch();
    const progress = await agent.progress(message, { progressText: "half", percent: 50 });
    const response = await agent.respond(message, { content: "done", usage: { tokens: 3 } });
    const { body } = await waiting;

    expect(created.status).toBe(202);
    expect(created.body.status).toBe("dispatched");
    expect(message).toMatchObject({
      messageId: created.body.messageId,
      attempt: 1,
      content: "do it",
      context: { branch: "main" },
    });
    expect([progress, response]).toEqual([{ cancel: false }, { accepted: true }]);
    expect(body).toMatchObject({
      status: "completed",
      agentId: "coder",
      attempt: 1,
      outcome: { content: "done", usage: { tokens: 3 } },
    });
  });
});
