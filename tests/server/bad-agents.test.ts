import { describe, expect, it } from "@jest/globals";
import { type CommandInput, commands } from "../../shared/commands/catalogue.ts";
import type { ErrorCode } from "../../shared/error-code.ts";
import { EventType } from "../../shared/event-type.ts";
import { asService, dispatch, result } from "../support/dispatching.ts";
import { nested, withProto } from "../support/json.ts";
import { startServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";
import { startAgent } from "../support/test-agent.ts";

/** Nobody is held back for being fast: bad input comes by the hundred here. */
const unhurried = { LIMIT_COMMANDS_PER_SECOND: "1000000", LIMIT_COMMANDS_BURST: "1000000" };

type Own = "register" | "heartbeat" | "progress" | "response" | "activity";
type Payload = Record<string, unknown>;

const inFlight = [{ messageId: "m", attempt: 1 }];
const ofAttempt = { messageId: "m", attempt: 1 };

/** A payload of each command, with every field that it may have. */
const samples: { [Name in Own]: CommandInput<"/agents", Name> } = {
  register: { agentId: "other", capabilities: ["a"], workdir: "/", metadata: { a: 1 }, concurrency: 1, inFlight },
  heartbeat: { agentId: "coder", dispatches: inFlight },
  progress: { ...ofAttempt, status: "s", progressText: "t", percent: 5, delta: "d", metadata: { a: 1 } },
  response: { ...ofAttempt, content: "c", usage: { tokens: 1 }, error: "e" },
  activity: {
    type: EventType.AgentStarted,
    data: { agentName: "a", activity: "b", details: {}, messageId: "m", taskId: "t" },
  },
};

const many = <T>(count: number, value: T) => Array.from({ length: count }, () => value);
const long = (length: number) => "x".repeat(length);
const badAttempts = [
  [{ messageId: "m" }],
  [{ messageId: "m", attempt: 0 }],
  [{ messageId: "a b", attempt: 1 }],
  many(101, ofAttempt),
];

/** Values of single fields that are of the right type and wrong all the same. */
const wrongValues: { [Name in Own]: Record<string, unknown[]> } = {
  register: {
    agentId: ["", "a b", "../x", long(129), "agent:1"],
    capabilities: [[""], [7], many(101, "a"), [long(129)]],
    workdir: [long(4_097)],
    concurrency: [0, -1, 1.5, 101],
    inFlight: badAttempts,
  },
  heartbeat: { agentId: ["", "a b", long(129)], dispatches: badAttempts },
  progress: {
    messageId: ["", "a b", long(129)],
    attempt: [0, -1, 1.5, 101],
    status: ["", long(201)],
    progressText: [long(4_097)],
    percent: [-1, 101],
    delta: ["", long(16_385)],
  },
  response: { messageId: [""], attempt: [0, 1.5], error: ["", long(4_097)] },
  activity: { type: ["", "agent_connected", "chat_message"], data: [{}, { agentName: "a" }] },
};

function faultsOf(
  sample: Payload,
  required: string[],
  wrong: Record<string, unknown[]>,
): [string, unknown, ErrorCode][] {
  const invalid = (what: string, payload: unknown): [string, unknown, ErrorCode] => [what, payload, "invalid_payload"];
  const without = (field: string) => Object.fromEntries(Object.entries(sample).filter(([name]) => name !== field));
  return [
    ...[undefined, null, "text", 7, true, [sample], {}].map((payload) =>
      invalid(JSON.stringify(payload) ?? "nothing", payload),
    ),
    ...required.map((field) => invalid(`no ${field}`, without(field))),
    ...Object.keys(sample).flatMap((field) => [
      invalid(`${field} of a wrong type`, { ...sample, [field]: typeof sample[field] === "string" ? 7 : "text" }),
      invalid(`${field} null`, { ...sample, [field]: null }),
      [`${field} too deep`, { ...sample, [field]: nested(40) }, "too_large"] as [string, unknown, ErrorCode],
    ]),
    ...Object.entries(wrong).flatMap(([field, values]) =>
      values.map((value) => invalid(`${field} ${JSON.stringify(value).slice(0, 60)}`, { ...sample, [field]: value })),
    ),
    invalid("a key that is not known", { ...sample, extra: 1 }),
    invalid("__proto__ as a key", withProto(sample)),
  ];
}

const required: { [Name in Own]: string[] } = {
  register: ["agentId", "capabilities"],
  heartbeat: ["agentId"],
  progress: ["messageId", "attempt", "status"],
  response: ["messageId", "attempt"],
  activity: ["type", "data"],
};

const names = Object.keys(samples) as Own[];

const good = { agentId: "coder", content: "do it" };

describe("invalid input from agents", () => {
  it("BAD-1 there is a sample of every command of /agents", () => {
    const own = Object.keys(commands["/agents"]).filter((command) => !command.startsWith("system."));

    expect(own.toSorted()).toEqual(names.toSorted());
  });

  it.each(names)("BAD-1 an invalid %s gets an error code of the protocol, and the agent continues", async (command) => {
    const server = await startServer({ env: unhurried });
    const agent = await startAgent(server, "coder");
    const { messageId } = await dispatch(server, { agentId: "coder" });
    const message = await agent.nextDispatch();
    const faults = faultsOf({ ...samples[command] }, required[command], wrongValues[command]);
    if (command === "response")
      faults.push(["more than 1 MiB", { ...ofAttempt, content: long(1_048_577) }, "too_large"]);
    else faults.push(["too many bytes", { ...samples[command], extra: long(65_536) }, "too_large"]);

    const answers = await Promise.all(
      faults.map(async ([what, payload]) => {
        const reply = await agent.client.command(command, payload);
        return [what, reply.ok ? "ok" : reply.error.code];
      }),
    );
    const { accepted } = await agent.respond(message);

    expect(Object.fromEntries(answers)).toEqual(Object.fromEntries(faults.map(([what, , code]) => [what, code])));
    expect(accepted).toBe(true);
    expect(await result(server, messageId)).toMatchObject({ status: "completed", attempt: 1 });
  });

  it.each<[string, unknown]>([
    ["nothing", {}],
    ["neither agent nor capability", { content: "x" }],
    ["both", { ...good, capability: "code" }],
    ["an empty content", { ...good, content: "" }],
    ["a content that is too long", { ...good, content: long(65_537) }],
    ["an agent that is no id", { ...good, agentId: "a b" }],
    ["an empty capability", { content: "x", capability: "" }],
    ["a context that is no object", { ...good, context: [] }],
    ["no time", { ...good, timeoutMs: 0 }],
    ["too much time", { ...good, timeoutMs: 86_400_001 }],
    ["no attempts", { ...good, maxAttempts: 0 }],
    ["too many attempts", { ...good, maxAttempts: 101 }],
    ["queue that is no flag", { ...good, queue: "yes" }],
    ["an id that is none", { ...good, id: "a b" }],
    ["a key that is not known", { ...good, priority: 1 }],
    ["__proto__", withProto(good)],
  ])("BAD-7 a dispatch with %s is refused, and nothing is dispatched", async (what, body) => {
    const server = await startServer();
    const agent = await startAgent(server, "coder");

    const { status, body: problem } = await server.request("POST", "/api/dispatches", {
      ...asService,
      body: typeof body === "object" ? JSON.stringify(body) : body,
    });
    const { messageId } = await dispatch(server, { agentId: "coder" });
    const next = await agent.nextDispatch();

    const expected = what.endsWith("too long") ? [413, "too_large"] : [400, "invalid_payload"];
    expect([status, problem.code]).toEqual(expected);
    expect(next.messageId).toBe(messageId);
  });

  it.each([
    ["POST", "/api/dispatches", ["user", "agent", "monitor"]],
    ["GET", "/api/dispatches/d-1", ["user", "agent", "monitor"]],
    ["DELETE", "/api/dispatches/d-1", ["user", "agent", "monitor"]],
    ["GET", "/api/agents", ["user", "agent"]],
    ["GET", "/api/agents/coder", ["user", "agent"]],
  ] as const)("BAD-7 %s %s is only for its roles", async (method, path, others) => {
    const server = await startServer();

    const refused = [];
    for (const role of others) refused.push((await server.request(method, path, { roles: [role] })).body.code);
    const { body } = await server.request(method, path, { as: null });

    expect([...refused, body.code]).toEqual([...others.map(() => "forbidden"), "unauthenticated"]);
  });
});

describe.each(stores)("invalid requests about agents (%s)", (name) => {
  it.each<[string, string, number, string]>([
    ["GET", "/api/dispatches/a%20b", 400, "invalid_payload"],
    ["GET", "/api/dispatches/nothing", 404, "not_found"],
    ["GET", "/api/dispatches/nothing?wait=56", 400, "invalid_payload"],
    ["GET", "/api/dispatches/nothing?wait=-1", 400, "invalid_payload"],
    ["GET", "/api/dispatches/nothing?x=1", 400, "invalid_payload"],
    ["DELETE", "/api/dispatches/nothing", 404, "not_found"],
    ["PATCH", "/api/dispatches/nothing", 404, "not_found"],
    ["GET", "/api/dispatches", 404, "not_found"],
    ["POST", "/api/agents", 404, "not_found"],
    ["GET", "/api/agents/a%20b", 400, "invalid_payload"],
    ["GET", "/api/agents/nobody", 404, "not_found"],
    ["GET", "/api/agents?limit=0", 400, "invalid_payload"],
    ["GET", "/api/agents?cursor=x", 400, "invalid_payload"],
  ])("BAD-7 %s %s is %d", async (method, path, status, code) => {
    const server = await startServer({ store: name });

    const answer = await server.request(method, path, asService);

    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });
});
