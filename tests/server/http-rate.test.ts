import { describe, expect, it } from "@jest/globals";
import type { Role } from "../../shared/role.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { startServer } from "../support/server.ts";

/** Five at once, and one a second of a time that passes when the test says so. */
async function startSlow() {
  const clock = new ManualClock();
  const env = { LIMIT_COMMANDS_PER_SECOND: "1", LIMIT_COMMANDS_BURST: "5" };
  const server = await startServer({ env, overrides: { clock } });
  const ask = (as: string, roles?: readonly Role[]) =>
    server.request("GET", "/api/conversations", roles ? { as, roles } : { as });
  const statuses = async (count: number, as: string, roles?: readonly Role[]) => {
    const answers = [];
    for (let i = 0; i < count; i++) answers.push((await ask(as, roles)).status);
    return answers;
  };
  return { server, clock, ask, statuses };
}

const times = (count: number, status: number) => Array.from({ length: count }, () => status);

describe("the rate limit over HTTP", () => {
  it("HTTP-4 all requests of a user count together", async () => {
    const { server, ask, statuses } = await startSlow();
    const create = () => server.request("POST", "/api/conversations", { body: {} });

    const before = await statuses(3, "ada");
    const created = [(await create()).status, (await create()).status];
    const refused = await ask("ada");
    const refusedToo = await create();

    expect([...before, ...created]).toEqual([200, 200, 200, 201, 201]);
    expect([refused.status, refusedToo.status]).toEqual([429, 429]);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(refused.body).toEqual({
      type: "urn:signalbox:error:rate_limited",
      title: expect.any(String),
      status: 429,
      detail: expect.any(String),
      code: "rate_limited",
      retryable: true,
      details: { retryAfterMs: 1_000 },
      instance: "/api/conversations",
    });
  });

  it("HTTP-4 a client that waits for the given time is served again", async () => {
    const { clock, ask, statuses } = await startSlow();
    await statuses(5, "ada");

    clock.advance(500);
    const tooEarly = await ask("ada");
    clock.advance(500);
    const inTime = await statuses(2, "ada");

    expect(tooEarly.status).toBe(429);
    expect(tooEarly.body).toMatchObject({ details: { retryAfterMs: 500 } });
    expect(inTime).toEqual([200, 429]);
  });

  it("HTTP-4 other users, and connections, are counted separately", async () => {
    const { server, ask, statuses } = await startSlow();
    const connected = await server.connect("ada");

    await statuses(6, "ada");

    expect((await ask("ada")).status).toBe(429);
    expect((await ask("bob")).status).toBe(200);
    expect(await connected.command("conversation.list", {})).toMatchObject({ ok: true });
  });

  it("HTTP-4 a service may send twenty times as many", async () => {
    const { statuses } = await startSlow();

    const answers = await statuses(101, "backend", ["service"]);

    expect(answers).toEqual([...times(100, 200), 429]);
  });

  it("HTTP-4 notifications count too", async () => {
    const { server } = await startSlow();
    const notify = () =>
      server.request("POST", "/api/users/bob/notifications", {
        as: "backend",
        roles: ["service"],
        body: { title: "Done", level: "info" },
      });

    const answers = [];
    for (let i = 0; i < 101; i++) answers.push((await notify()).status);

    expect(answers).toEqual([...times(100, 201), 429]);
  });

  it("HTTP-4 health and status do not count", async () => {
    const { server } = await startSlow();

    const answers = [];
    for (let i = 0; i < 20; i++) answers.push((await server.request("GET", "/healthz")).status);

    expect(answers).toEqual(times(20, 200));
  });
});
