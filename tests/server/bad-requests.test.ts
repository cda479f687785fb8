import { describe, expect, it } from "@jest/globals";
import type { ErrorCode } from "../../shared/error-code.ts";
import { errorCodes } from "../../shared/error-code.ts";
import { EventType } from "../../shared/event-type.ts";
import type { Role } from "../../shared/role.ts";
import { nested } from "../support/json.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { type StoreName, stores } from "../support/stores.ts";
import { tokenOf } from "../support/tokens.ts";

type Body = Record<string, unknown>;

interface Route {
  method: "GET" | "POST" | "PATCH";
  path: string;
  /** Who may. */
  roles: Role[];
  /** Who may not. */
  others: Role[];
  /** A good body, with every field that it may have. */
  body?: Body;
  /** Fields that it must have. */
  required?: string[];
  /** Fields that `null` removes. */
  nullable?: string[];
  /** A list of bodies is a body too. */
  takesList?: true;
  /** Values of the right type and wrong all the same. */
  wrong?: [field: string, value: unknown][];
}

const room = "/api/conversations/42";

const forBackends: Pick<Route, "roles" | "others"> = {
  roles: ["service"],
  others: ["user", "agent", "monitor", "admin"],
};
const forWatchers: Pick<Route, "roles" | "others"> = { roles: ["monitor"], others: ["user", "agent"] };
const taskBody = {
  title: "Write it",
  streamId: "s",
  status: "blocked",
  blockedReason: "no key",
  metadata: { part: 1 },
};
const taskWrong: [string, unknown][] = [
  ["title", ""],
  ["title", "x".repeat(201)],
  ["status", "done"],
  ["status", "pending"],
  ["blockedReason", ""],
  ["blockedReason", "x".repeat(501)],
  ["metadata", []],
  ["metadata", JSON.parse('{"__proto__":{"polluted":true}}')],
];

const routes: Route[] = [
  { method: "GET", path: "/api/conversations", roles: ["user"], others: ["agent", "monitor"] },
  {
    method: "POST",
    path: "/api/conversations",
    roles: ["user"],
    others: ["agent", "monitor"],
    body: { id: "new", title: "New", members: ["bob"], public: false },
    wrong: [
      ["id", ""],
      ["id", "x".repeat(129)],
      ["title", " "],
      ["title", "x".repeat(201)],
      ["members", ["a b"]],
      ["members", [7]],
    ],
  },
  {
    method: "POST",
    path: `${room}/members`,
    roles: ["user"],
    others: ["agent", "monitor"],
    body: { userIds: ["cy"] },
    required: ["userIds"],
    wrong: [
      ["userIds", []],
      ["userIds", ["a b"]],
      ["userIds", Array.from({ length: 101 }, (_, index) => `u${index}`)],
      ["conversationId", "42"],
    ],
  },
  {
    method: "POST",
    path: `${room}/messages`,
    roles: ["user"],
    others: ["agent", "monitor"],
    body: {
      message: "hello",
      id: "m-1",
      replyTo: "m-0",
      attachments: [{ url: "https://example.com/a.png", mediaType: "image/png" }],
      metadata: { mood: "good" },
    },
    required: ["message"],
    wrong: [
      ["message", ""],
      ["message", "x".repeat(16_385)],
      ["id", "a b"],
      ["attachments", [{ url: "javascript:alert(1)", mediaType: "text/html" }]],
      ["metadata", JSON.parse('{"__proto__":{"polluted":true}}')],
      ["conversationId", "42"],
    ],
  },
  {
    method: "POST",
    path: "/api/users/bob/notifications",
    roles: ["service"],
    others: ["user", "admin", "agent"],
    body: { title: "Done", body: "All of it", level: "success", link: "https://example.com/", id: "n-1" },
    required: ["title", "level"],
    wrong: [
      ["title", ""],
      ["level", "loud"],
      ["link", "javascript:alert(1)"],
      ["userId", "bob"],
    ],
  },
  {
    method: "POST",
    path: "/api/tasks",
    ...forBackends,
    body: { id: "t2", ...taskBody },
    required: ["title"],
    wrong: [...taskWrong, ["id", ""], ["id", "a b"], ["id", "x".repeat(129)], ["streamId", "a:b"]],
  },
  {
    method: "PATCH",
    path: "/api/tasks/t1",
    ...forBackends,
    body: taskBody,
    nullable: ["streamId", "blockedReason", "metadata"],
    wrong: [...taskWrong, ["id", "t1"], ["taskId", "t1"]],
  },
  { method: "GET", path: "/api/tasks", ...forWatchers },
  { method: "GET", path: "/api/tasks/t1", ...forWatchers },
  {
    method: "POST",
    path: "/api/streams",
    ...forBackends,
    body: { id: "s2", name: "Stream" },
    required: ["name"],
    wrong: [
      ["name", ""],
      ["name", "x".repeat(201)],
      ["id", ""],
      ["id", "../x"],
      ["progress", {}],
    ],
  },
  {
    method: "POST",
    path: "/api/events",
    ...forBackends,
    body: {
      room: "alerts",
      type: "alert_created",
      data: { alertId: "a1", severity: "info", title: "Disk full" },
      id: "e-1",
    },
    required: ["room", "type", "data"],
    takesList: true,
    wrong: [
      ["room", "nowhere:1"],
      ["room", "task:1"],
      ["type", "nonsense"],
      ["data", {}],
      ["data", { alertId: "a b", severity: "info", title: "a" }],
      ["data", { alertId: "a1", severity: "loud", title: "a" }],
      ["id", "a b"],
      ["position", { epoch: "a", offset: 1 }],
    ],
  },
  { method: "GET", path: "/api/events?topics=task:*", roles: ["monitor"], others: ["user", "agent", "service"] },
  { method: "GET", path: "/api/streams", ...forWatchers },
  { method: "GET", path: "/api/streams/s", ...forWatchers },
  {
    method: "POST",
    path: "/api/tasks/t1/checkpoints",
    ...forBackends,
    body: { checkpointId: "c2", label: "Half", state: { page: 7 } },
    wrong: [
      ["checkpointId", "a/b"],
      ["checkpointId", "x".repeat(129)],
      ["label", ""],
      ["label", "x".repeat(201)],
      ["state", []],
      ["taskId", "t1"],
    ],
  },
  { method: "GET", path: "/api/tasks/t1/checkpoints", ...forWatchers },
  { method: "POST", path: "/api/tasks/t1/checkpoints/c1/resume", ...forBackends },
];

interface Fault {
  what: string;
  code: ErrorCode;
  /** The body as it is sent. */
  text?: string;
  headers?: Record<string, string>;
  as?: string | null;
  roles?: Role[];
}

const json = JSON.stringify;

function faultsOf({
  method,
  body,
  required = [],
  nullable = [],
  wrong = [],
  roles,
  others,
  takesList,
}: Route): Fault[] {
  const good = body === undefined ? {} : { text: json(body) };
  const whoever: Fault[] = [
    { what: "no token", as: null, code: "unauthenticated", ...good },
    { what: "no bearer", as: null, headers: { authorization: "Basic YTpi" }, code: "unauthenticated", ...good },
    { what: "no JWT", as: null, headers: { authorization: "Bearer x" }, code: "unauthenticated", ...good },
    {
      what: "a token of another secret",
      as: null,
      headers: { authorization: `Bearer ${tokenOf("ada", roles)}x` },
      code: "unauthenticated",
      ...good,
    },
    {
      what: "an expired token",
      as: null,
      headers: { authorization: `Bearer ${tokenOf("ada", roles, { exp: 1_000 })}` },
      code: "token_expired",
      ...good,
    },
    { what: "a token in the URL alone", as: null, code: "unauthenticated", ...good },
    { what: "no role", roles: [], code: "forbidden", ...good },
    ...others.map((role): Fault => ({ what: `the role ${role}`, roles: [role], code: "forbidden", ...good })),
  ];
  if (method === "GET" || body === undefined) return whoever;

  const text = json(body);
  const rest = text.slice(1);
  const { metadata: _metadata, ...bare } = body;
  const fault = (what: string, payload: unknown, code: ErrorCode = "invalid_payload") => ({
    what,
    text: json(payload),
    code,
  });
  return [
    ...whoever,
    { what: "no body", code: "invalid_payload" },
    { what: "no JSON", text: "hello", code: "invalid_payload" },
    { what: "truncated JSON", text: text.slice(0, -1), code: "invalid_payload" },
    { what: "two values", text: text + text, code: "invalid_payload" },
    {
      what: "JSON that says to be a form",
      text,
      headers: contentType("application/x-www-form-urlencoded"),
      code: "invalid_payload",
    },
    { what: "JSON that says to be text", text, headers: contentType("text/plain"), code: "invalid_payload" },
    {
      what: "JSON of an unknown charset",
      text,
      headers: contentType("application/json; charset=x"),
      code: "invalid_payload",
    },
    { what: "JSON of an unknown encoding", text, headers: { "content-encoding": "x" }, code: "invalid_payload" },
    { what: "JSON that is no gzip", text, headers: { "content-encoding": "gzip" }, code: "invalid_payload" },
    fault("null", null),
    fault("true", true),
    fault("a number", 7),
    fault("a string", "hello"),
    ...(takesList ? [fault("a list of nothing", []), fault("a list of lists", [[body]])] : [fault("a list", [body])]),
    // An empty body is an empty object.
    ...(required.length > 0 ? [fault("an empty object", {}), { ...fault("an empty body", {}), text: "" }] : []),
    ...required.map((field) =>
      fault(`no ${field}`, Object.fromEntries(Object.entries(body).filter(([name]) => name !== field))),
    ),
    ...Object.entries(body).flatMap(([field, value]) => [
      fault(`${field} of a wrong type`, { ...body, [field]: typeof value === "string" ? 7 : "text" }),
      ...(nullable.includes(field) ? [] : [fault(`${field} null`, { ...body, [field]: null })]),
    ]),
    ...wrong.map(([field, value]) => fault(`${field} ${json(value).slice(0, 60)}`, { ...body, [field]: value })),
    fault("a key that is not known", { ...body, extra: 1 }),
    fault("constructor as a key", { ...body, constructor: 1 }),
    { what: "__proto__ as a key", text: `{"__proto__":{"polluted":true},${rest}`, code: "invalid_payload" },
    fault("an extra key too deep", { ...body, extra: nested(40) }, "too_large"),
    ...Object.keys(body).map((field) =>
      fault(`${field} too deep`, { ...body, [field]: { a: nested(40) } }, "too_large"),
    ),
    {
      what: "a field as deep as a body can make it",
      text: `{"metadata":{"a":${"[".repeat(32_000)}${"]".repeat(32_000)}},${json(bare).slice(1)}`,
      code: "too_large",
    },
    fault("too many bytes", { ...body, extra: "x".repeat(65_536) }, "too_large"),
    { what: "10 MB of nothing", text: " ".repeat(10_485_760), code: "too_large" },
  ];
}

function contentType(type: string) {
  return { "content-type": type };
}

async function startRoutes(store: StoreName = "memory") {
  const server = await startServer({ store });
  const [bob] = await server.conversation("42", "bob", "ada");
  if (!bob) throw new Error("no client");
  const service = { as: "backend", roles: ["service"] } as const;
  await server.request("POST", "/api/streams", { ...service, body: { id: "s", name: "Stream" } });
  await server.request("POST", "/api/tasks", { ...service, body: { id: "t1", title: "Task", streamId: "s" } });
  await server.request("POST", "/api/tasks/t1/checkpoints", { ...service, body: { checkpointId: "c1" } });
  const board = async () => {
    const lists = ["/api/tasks", "/api/streams", "/api/tasks/t1/checkpoints"];
    // With the head of their log: nothing was told either.
    return Promise.all(lists.map(async (path) => (await server.request("GET", path, service)).body));
  };
  return { server, bob, board };
}

type Answer = Awaited<ReturnType<TestServer["request"]>>;

/** The code of the answer, if that is a problem document through and through; else what it is instead. */
function problemOf(answer: Answer, path: string): unknown {
  const { status, headers, body } = answer;
  const { code, type, instance, title, detail } = body;
  const isProblem =
    headers.get("content-type")?.startsWith("application/problem+json") === true &&
    type === `urn:signalbox:error:${String(code)}` &&
    errorCodes[code as ErrorCode]?.httpStatus === status &&
    body.status === status &&
    instance === path.split("?", 1)[0] &&
    typeof title === "string" &&
    typeof detail === "string" &&
    (code !== "invalid_payload" || Array.isArray(body.details));
  return isProblem ? code : answer;
}

const nameOf = ({ method, path }: Route) => `${method} ${path}`;

describe("invalid requests", () => {
  it.each(routes.map((route) => [nameOf(route), route] as const))(
    "BAD-7 %s answers every fault with a problem document of the right status",
    async (_name, route) => {
      const { server, bob, board } = await startRoutes();
      const { method, path, roles, body } = route;
      const faults = faultsOf(route);
      const before = await board();

      const answers: Record<string, unknown> = {};
      for (const { what, text, headers, as = "ada", roles: otherRoles } of faults) {
        const query = what.includes("in the URL") ? `?token=${tokenOf("ada", roles)}` : "";
        const answer = await server.request(method, path + query, {
          as,
          roles: otherRoles ?? roles,
          ...(text === undefined ? {} : { body: text }),
          ...(headers === undefined ? {} : { headers }),
        });
        answers[what] = problemOf(answer, path);
      }

      expect(answers).toEqual(Object.fromEntries(faults.map(({ what, code }) => [what, code])));
      // None of it was carried out: this is the first event of the conversation.
      expect(await bob.ok("chat_message", { conversationId: "42", message: "hello" })).toMatchObject({
        position: { offset: 1 },
      });
      expect(bob.seen(EventType.Notification)).toEqual([]);
      await bob.one(EventType.ConversationUpdated);
      expect(bob.seen(EventType.ConversationUpdated)).toHaveLength(1);
      expect(await board()).toEqual(before);
      // And the good request was not what was wrong.
      const good = await server.request(method, path, { roles, ...(body === undefined ? {} : { body }) });
      expect(good.status).toBeLessThan(300);
    },
  );

  it.each([
    ["a limit of 0", "limit=0", "invalid_payload"],
    ["a limit over the limit", "limit=201", "invalid_payload"],
    ["a limit that is no number", "limit=all", "invalid_payload"],
    ["two limits", "limit=1&limit=2", "invalid_payload"],
    ["a cursor that no list gave", "cursor=x", "invalid_payload"],
    ["an empty cursor", "cursor=", "invalid_payload"],
    ["a parameter that is not known", "x=1", "invalid_payload"],
    ["__proto__ for a parameter", "__proto__=1", "invalid_payload"],
    ["brackets", "limit[a]=1", "invalid_payload"],
    ["a malformed escape", "cursor=%ZZ", "invalid_payload"],
  ])("BAD-7 %s in a query is 400", async (_what, query, code) => {
    const { server } = await startRoutes();

    const answer = await server.request("GET", `/api/conversations?${query}`);

    expect(problemOf(answer, "/api/conversations")).toBe(code);
  });

  it.each([
    ["/api/conversations/%ZZ/members", "invalid_payload"],
    ["/api/conversations/%C3/messages", "invalid_payload"],
    ["/api/conversations/a%20b/messages", "invalid_payload"],
    ["/api/conversations/..%2F42/messages", "invalid_payload"],
    ["/api/conversations/42%00/messages", "invalid_payload"],
    [`/api/conversations/${"x".repeat(129)}/messages`, "invalid_payload"],
    ["/api/conversations/__proto__/messages", "invalid_payload"],
    ["/api/conversations/constructor/messages", "not_found"],
    ["/api/users/%ZZ/notifications", "invalid_payload"],
    ["/api/users/a%20b/notifications", "invalid_payload"],
  ])("BAD-7 POST %s does not exist", async (path, code) => {
    const { server } = await startRoutes();
    const body = path.includes("users")
      ? { title: "Done", level: "info" }
      : path.endsWith("members")
        ? { userIds: ["cy"] }
        : { message: "hello" };

    const answer = await server.request("POST", path, { roles: ["user", "service"], body });

    expect(problemOf(answer, path)).toBe(code);
  });

  it.each([
    "/nowhere",
    "/api",
    "/api/",
    "/api/nowhere",
    "/api/conversations/42",
    "/api/users/bob",
    "/api/tasks/t1/checkpoints/c1",
    "/%ZZ",
    "/..%2f..%2fpackage.json",
    "/__proto__",
    "/pages/index.html",
  ])("BAD-7 there is no resource at %s", async (path) => {
    const { server } = await startRoutes();

    const got = await server.request("GET", path);
    const posted = await server.request("POST", path, { body: {} });

    expect([problemOf(got, path), problemOf(posted, path)]).toEqual(["not_found", "not_found"]);
  });

  it.each([
    ["/api/conversations", ["PUT", "PATCH", "DELETE", "PURGE"], "GET, POST"],
    ["/api/conversations/42/members", ["GET", "PUT", "PATCH", "DELETE"], "POST"],
    ["/api/conversations/42/messages", ["GET", "PUT", "PATCH", "DELETE"], "POST"],
    ["/api/users/bob/notifications", ["GET", "PUT", "PATCH", "DELETE"], "POST"],
    ["/api/tasks", ["PUT", "PATCH", "DELETE"], "GET, POST"],
    ["/api/tasks/t1", ["POST", "PUT", "DELETE"], "GET, PATCH"],
    ["/api/streams", ["PUT", "PATCH", "DELETE"], "GET, POST"],
    ["/api/streams/s", ["POST", "PUT", "PATCH", "DELETE"], "GET"],
    ["/api/tasks/t1/checkpoints", ["PUT", "PATCH", "DELETE"], "GET, POST"],
    ["/api/tasks/t1/checkpoints/c1/resume", ["GET", "PUT", "PATCH", "DELETE"], "POST"],
  ])("BAD-7 a method that %s does not support is refused with those that it supports", async (path, methods, allow) => {
    const { server } = await startRoutes();

    const answers = [];
    for (const method of methods) answers.push(await server.request(method, path));

    expect(answers.map((answer) => problemOf(answer, path))).toEqual(methods.map(() => "not_found"));
    expect(answers.map(({ headers }) => headers.get("allow"))).toEqual(methods.map(() => allow));
  });

  it.each(["/healthz", "/readyz", "/api/websocket/status"])("BAD-7 %s cannot be written to", async (path) => {
    const { server } = await startRoutes();

    const answers = [];
    for (const method of ["POST", "PUT", "DELETE"]) answers.push(await server.request(method, path, { body: {} }));

    expect(answers.map((answer) => problemOf(answer, path))).toEqual(["not_found", "not_found", "not_found"]);
  });
});

describe.each(stores)("requests that cannot be carried out (%s)", (store) => {
  it.each(["members", "messages"])("BAD-7 the %s of a conversation without membership are 404", async (what) => {
    const { server } = await startRoutes(store);
    const path = `/api/conversations/42/${what}`;

    const answer = await server.request("POST", path, { as: "eve", body: { userIds: ["eve"] } });
    const complete = await server.request("POST", path, {
      as: "eve",
      body: what === "members" ? { userIds: ["eve"] } : { message: "let me in" },
    });

    expect(problemOf(answer, path)).toBe(what === "members" ? "not_found" : "invalid_payload");
    expect(problemOf(complete, path)).toBe("not_found");
  });

  it("BAD-7 invalid checkpoints, queries and changes of tasks are refused with the right error", async () => {
    const { server } = await startRoutes(store);
    const checkpoints = "/api/tasks/t1/checkpoints";
    const table: [method: string, path: string, body: unknown, code: ErrorCode][] = [
      ["GET", "/api/tasks/%ZZ", undefined, "invalid_payload"],
      ["GET", "/api/tasks/a%20b", undefined, "invalid_payload"],
      ["GET", "/api/tasks/__proto__", undefined, "invalid_payload"],
      ["GET", "/api/tasks/constructor", undefined, "not_found"],
      ["GET", "/api/streams/a%3Ab", undefined, "invalid_payload"],
      ["GET", "/api/streams/constructor", undefined, "not_found"],
      ["GET", "/api/tasks?streamId=", undefined, "invalid_payload"],
      ["GET", "/api/tasks?streamId=stream:*", undefined, "invalid_payload"],
      ["GET", "/api/tasks?limit=201", undefined, "invalid_payload"],
      ["GET", "/api/tasks?cursor=x", undefined, "invalid_payload"],
      ["GET", "/api/streams?limit=0", undefined, "invalid_payload"],
      ["GET", "/api/streams?streamId=s", undefined, "invalid_payload"],
      ["GET", `${checkpoints}?cursor=x`, undefined, "invalid_payload"],
      ["POST", "/api/tasks/%ZZ/checkpoints", {}, "invalid_payload"],
      ["POST", "/api/tasks/a%20b/checkpoints", {}, "invalid_payload"],
      ["POST", "/api/tasks/constructor/checkpoints", {}, "not_found"],
      ["POST", `${checkpoints}/a%2Fb/resume`, {}, "invalid_payload"],
      ["POST", `${checkpoints}/constructor/resume`, {}, "not_found"],
      ["POST", `${checkpoints}/c1/resume`, { state: {} }, "invalid_payload"],
      ["PATCH", "/api/tasks/%00", { status: "completed" }, "invalid_payload"],
      ["PATCH", "/api/tasks/t9", { status: "completed" }, "not_found"],
      ["PATCH", "/api/tasks/t1", { streamId: "s9" }, "not_found"],
      ["PATCH", "/api/tasks/t1", {}, "invalid_payload"],
      ["PATCH", "/api/tasks/t1", { blockedReason: "no key" }, "conflict"],
    ];

    const answers: unknown[] = [];
    for (const [method, path, body] of table) {
      const answer = await server.request(method, path, {
        roles: ["service"],
        ...(body === undefined ? {} : { body }),
      });
      answers.push([method, path, body, problemOf(answer, path.split("?")[0] ?? "")]);
    }

    expect(answers).toEqual(table);
  });
});
