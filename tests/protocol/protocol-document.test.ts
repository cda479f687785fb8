import { describe, expect, it } from "@jest/globals";
import type { z } from "zod";
import { type Config, loadConfig, variables } from "../../server/compose/config.ts";
import {
  connectionStates,
  historyLength,
  newConnectionLife,
  transition,
} from "../../server/session/connection-state.ts";
import { CancelMessage, DispatchAcceptance, DispatchMessage } from "../../shared/agent-messages.ts";
import { commands } from "../../shared/commands/catalogue.ts";
import type { AnyCommand } from "../../shared/commands/define-command.ts";
import { EventLimit, LoggedEvent } from "../../shared/commands/fields.ts";
import { closeCodes, disconnectReasons } from "../../shared/disconnect-reason.ts";
import { ConnectionState } from "../../shared/entities/connection.ts";
import { DispatchStatus } from "../../shared/entities/dispatch.ts";
import { HlinkMessage, WebsocketAck } from "../../shared/entities/hlink.ts";
import { Revocation } from "../../shared/entities/revocation.ts";
import { Task } from "../../shared/entities/task.ts";
import { TaskStream } from "../../shared/entities/task-stream.ts";
import { TraceDrop, TraceStep } from "../../shared/entities/trace.ts";
import { errorCodes } from "../../shared/error-code.ts";
import { EventType } from "../../shared/event-type.ts";
import { events } from "../../shared/events/catalogue.ts";
import type { AnyEvent } from "../../shared/events/define-event.ts";
import { CreateDispatchBody, DispatchCreated } from "../../shared/http/dispatches.ts";
import { EventToPublish, PublishAnswer } from "../../shared/http/events.ts";
import { WebsocketStatus } from "../../shared/http/websocket-status.ts";
import { Identifier } from "../../shared/ids.ts";
import { limits } from "../../shared/limits.ts";
import { type Namespace, namespaces, rolesOfNamespace } from "../../shared/namespace.ts";
import { BridgeFrame, BridgeServerFrame } from "../../shared/plain-websocket/agent-bridge-frames.ts";
import { protocolVersion } from "../../shared/protocol.ts";
import { ReplyError } from "../../shared/reply.ts";
import { Role } from "../../shared/role.ts";
import { bareKinds, kindsWithId, namespaceOfKind } from "../../shared/room.ts";
import { systemMessages } from "../../shared/system-message.ts";
import { differences, fieldNames, wordsOf } from "./described-schema.ts";
import {
  codeSpans,
  type DescribedField,
  describedFields,
  numberIn,
  only,
  readDocument,
  splitOutside,
  tableRows,
} from "./document.ts";

const page = readDocument(new URL("../../docs/PROTOCOL.md", import.meta.url));
const defaults = loadConfig({});

/** The fields that stand between backticks in a cell. */
function fieldsIn(cell: string): DescribedField[] {
  return codeSpans(cell).flatMap(describedFields);
}

/** The one shape between backticks that begins like this: `{ id, title …`. */
function shapeIn(text: string, beginning: string): DescribedField[] {
  const found = codeSpans(text.replaceAll("\\|", "|")).filter((code) => code.startsWith(beginning));
  expect(found).toHaveLength(1);
  return describedFields(String(found[0]));
}

describe("PROTOCOL.md section 1 and 2: doors and identity", () => {
  it("DOC-1 has the namespaces", () => {
    const [where = ""] = tableRows(page.section("1"), "door", "where")
      .filter(([door]) => door === "Socket.IO v4")
      .map(([, cell]) => cell);

    const named = codeSpans(where).slice(1);

    expect(named).toEqual([...namespaces]);
  });

  it("DOC-1 has the roles", () => {
    const named = codeSpans(only(page.section("2"), /^Roles: (.*?)\./m));

    expect(named).toEqual(Role.options);
  });

  it("DOC-1 has who may enter a namespace", () => {
    const rows = tableRows(page.section("2"), "namespace", "roles that may enter").map(
      ([namespace = "", roles = ""]) => [codeSpans(namespace)[0], roles.split(", ")],
    );

    const byGrant: Partial<Record<Namespace, string>> = {
      "/monitoring": "or any token with a grant on a monitoring room",
    };
    expect(rows).toEqual(
      namespaces.map((namespace) => [
        namespace,
        [...rolesOfNamespace[namespace], ...(byGrant[namespace] ? [byGrant[namespace]] : [])],
      ]),
    );
  });
});

describe("PROTOCOL.md section 3: the life of a connection", () => {
  const section = page.section("3");

  it("DOC-1 has the reasons of a disconnect", () => {
    const named = codeSpans(only(section, /^Reasons: (.*)\.$/m));

    expect(named).toEqual(Object.keys(disconnectReasons));
  });

  it("DOC-1 has the reasons after which a client comes back by itself", () => {
    const named = codeSpans(only(section, /^After (.*) the stock Socket.IO client must reconnect/m));

    const reconnecting = Object.entries(disconnectReasons).filter(([, { client }]) => client === "reconnect");
    expect(named.toSorted()).toEqual(reconnecting.map(([reason]) => reason).toSorted());
  });

  const chains = codeSpans(only(section, /^States of a connection: (.*?);/m)).map((chain) =>
    chain.split(" → ").map((step) => step.split(" | ")),
  );

  it("DOC-1 has the states of a connection", () => {
    const named = new Set(chains.flat(2));

    expect([...named]).toEqual([...connectionStates]);
    expect([...named]).toEqual(ConnectionState.options);
  });

  it("DOC-1 has transitions that are possible", () => {
    const [, branching = []] = chains;
    const [from = [], targets = [], last = []] = branching;

    const life = (state: string) => ({ ...newConnectionLife, state: state as ConnectionState });
    const possible = (a: string, b: string) => transition(life(a), b as ConnectionState, 0) !== undefined;
    expect(chains[0]).toEqual([["connecting"], ["connected"], ["authenticated"], ["active"]]);
    for (const [before, after] of [
      ["connecting", "connected"],
      ["connected", "authenticated"],
      ["authenticated", "active"],
    ] as const) {
      expect(possible(before, after)).toBe(true);
    }
    expect(targets).toEqual(connectionStates.filter((state) => possible(String(from[0]), state)));
    expect(possible(String(targets.at(-1)), String(last[0]))).toBe(true);
  });

  it("DOC-1 has the length of the history and the interval of the heartbeat", () => {
    const kept = Number(only(section, /history of\s+transitions is kept \(last (\d+)\)/));
    const interval = numberIn(only(section, /^Every `heartbeatIntervalMs` \(([\d ]+)\)/m));

    expect([kept, kept]).toEqual([historyLength, limits.transitionsKept]);
    expect(interval).toBe(defaults.HEARTBEAT_INTERVAL_MS);
  });
});

describe("PROTOCOL.md: system messages", () => {
  const mentions = [...page.text.matchAll(/`(system\.[a-z.]+)`:?\s*`(\{[^`]*\})`/g)].map(([, name, shape]) => ({
    name: String(name),
    fields: describedFields(String(shape)),
  }));
  const schemas: Record<string, z.ZodObject> = {
    ...systemMessages,
    "system.pong": commands["/chat"]["system.pong"].payload,
    "system.token.refresh": commands["/chat"]["system.token.refresh"].payload,
  };

  it("DOC-1 names all, and no others", () => {
    const named = new Set(codeSpans(page.text).filter((code) => /^system\.[a-z.]+$/.test(code)));

    expect([...named].toSorted()).toEqual(Object.keys(schemas).toSorted());
  });

  it.each(Object.keys(schemas))("DOC-1 has the fields of %s", (name) => {
    const schema = schemas[name] as z.ZodObject;
    const fields = mentions.filter((mention) => mention.name === name).map((mention) => mention.fields);

    // One mention describes it; the others are cases of it, with some of its fields.
    const faults = fields.map((mention) => differences(withoutCases(mention), schema));
    const strangers = fields.flat().filter((field) => !(field.name in schema.shape));

    expect(faults).toContainEqual([]);
    expect(strangers).toEqual([]);
  });

  it("DOC-1 has every reason for which a client is taken out of a room", () => {
    const reasons = mentions
      .filter(({ name }) => name === "system.room.left")
      .flatMap(({ fields }) => fields.find(({ name }) => name === "reason")?.type);

    expect(reasons.map((reason) => JSON.parse(String(reason))).toSorted()).toEqual(
      wordsOf(systemMessages["system.room.left"].shape.reason).toSorted(),
    );
  });

  it("DOC-1 has the version of the protocol", () => {
    const title = Number(only(page.text, /^# Signalbox protocol, version (\d+)$/m));
    const established = mentions.find(({ name }) => name === "system.connection.established");

    expect(title).toBe(protocolVersion);
    expect(established?.fields.find(({ name }) => name === "protocolVersion")?.type).toBe(String(protocolVersion));
  });

  it("DOC-1 has the reply to a refreshed token", () => {
    const reply = describedFields(only(page.section("2"), /is answered `(\{[^`]*\})`/));

    expect(differences(reply, commands["/chat"]["system.token.refresh"].reply)).toEqual([]);
  });

  /** `reason: "removed"` is one of several values. */
  function withoutCases(fields: DescribedField[]): DescribedField[] {
    return fields.map((field) => (field.type?.startsWith('"') ? { ...field, type: undefined } : field));
  }
});

describe("PROTOCOL.md section 4: replies and errors", () => {
  it("DOC-1 has the codes and whether to try again", () => {
    const rows = tableRows(page.section("4"), "code", "meaning", "retryable").map(([code = "", , retryable = ""]) => [
      codeSpans(code)[0],
      /^(yes|no)\b/.exec(retryable)?.[1],
    ]);

    expect(rows).toEqual(Object.entries(errorCodes).map(([code, { retryable }]) => [code, retryable ? "yes" : "no"]));
  });

  it("DOC-1 has the fields of an error", () => {
    const fields = describedFields(only(page.section("4"), /`\{ ok: false, error: (\{.*?\}) \}`/));

    expect(differences(fields, ReplyError)).toEqual([]);
  });
});

describe("PROTOCOL.md section 5: events", () => {
  const rows = tableRows(page.section("5"), "type", "room", "durable", "data").map(
    ([types = "", rooms = "", durable = "", data = ""]) => ({ types: codeSpans(types), rooms, durable, data }),
  );
  const ofAgents = page.section("7.2");

  it("DOC-1 has every type once, and no other", () => {
    const types = rows.flatMap((row) => row.types);

    expect(types).toEqual(Object.values(EventType));
  });

  it("DOC-1 has the fields of an envelope", () => {
    const example = JSON.parse(only(page.section("5"), /```json\n([\s\S]*?)```/)) as Record<string, z.ZodType>;

    expect(Object.keys(example).toSorted()).toEqual(Object.keys(LoggedEvent.shape).toSorted());
    expect(LoggedEvent.omit({ id: true }).safeParse(example).error?.issues).toBeUndefined();
  });

  it.each(Object.values(EventType))("DOC-1 describes %s", (type) => {
    const row = rows.find(({ types }) => types.includes(type));
    const definition: AnyEvent = events[type];

    expect(row && kindsIn(row.rooms)).toEqual(definition.rooms);
    expect(row?.durable).toBe(definition.durable ? "yes" : "no");
    expect(differences(dataOf(type, row?.data ?? ""), definition.data)).toEqual([]);
  });

  /** `conversation, user or ui`, `task:{id}`; what follows in parentheses is about who is told. */
  function kindsIn(cell: string): string[] {
    return cell
      .replace(/\(.*\)/, "")
      .replaceAll("`", "")
      .split(/, | or /)
      .map((room) => room.trim().replace(/:\{.*\}$/, ""));
  }

  /** The fields that the cell spells out, or those of what it refers to; and what it adds for one type of several. */
  function dataOf(type: string, cell: string): DescribedField[] {
    const [common = "", addition = ""] = cell.split("; ");
    const [, forType = ""] = /^`?([\w.]+)`? also /.exec(addition) ?? [];
    const added = addition !== "" && type.endsWith(forType) ? fieldsIn(addition.replace(/^.* also /, "")) : [];
    return [...baseOf(type, common), ...added];
  }

  function baseOf(type: string, text: string): DescribedField[] {
    if (text === "the task") return shapeIn(page.section("8"), "{ id, title");
    if (text === "as progress")
      return dataOf("stream.progress", rows.find(({ types }) => types.includes("stream.progress"))?.data ?? "");
    if (text === "an HLink message (section 6.3)") return shapeIn(page.section("6.3"), '{ type: "user_message"');
    if (text === "section 7.2") return agentEventOf(type);
    return fieldsIn(text);
  }

  /** Spelt out there, or "each with … and their own fields", which only the code has. */
  function agentEventOf(type: string): DescribedField[] {
    const own = new RegExp(`\`${type}\` \`(\\{[^\`]*\\})\``).exec(ofAgents)?.[1];
    if (own !== undefined) return describedFields(own);
    const [, named = "", shared = ""] =
      /in flight[\s\S]*?`,\s((?:`\w+`, )+`\w+`) \(each with (.*), and their own fields\)/.exec(ofAgents) ?? [];
    expect(codeSpans(named)).toContain(type);
    const common = fieldsIn(shared);
    const rest = fieldNames(events[type as EventType].data)
      .flatMap(describedFields)
      .filter(({ name }) => !common.some((field) => field.name === name));
    return [...common, ...rest];
  }
});

describe("PROTOCOL.md section 5.1: rooms and logs", () => {
  const section = page.section("5.1");

  it("DOC-1 has the kinds of room", () => {
    const [, withId = "", bare = ""] = /^A room is .* Kinds: (.*) \(with id\); (.*) \(bare\)\.$/m.exec(section) ?? [];

    expect(codeSpans(withId)).toEqual([...kindsWithId]);
    expect(codeSpans(bare)).toEqual([...bareKinds]);
  });

  it("DOC-1 has the rooms that share a log", () => {
    const named = codeSpans(only(section, /All rooms of the monitoring namespace \(([^)]*)\)/));

    const shared = Object.entries(namespaceOfKind).filter(([, namespace]) => namespace === "/monitoring");
    expect(named).toEqual(shared.map(([kind]) => kind));
  });

  it("DOC-1 has the pattern of an id", () => {
    const pattern = new RegExp(only(section, /^An id matches `(.*)`\.$/m));

    const candidates = [
      "a",
      "Z9",
      "a.b_c~d@e|f+g=h-i",
      "x".repeat(128),
      "x".repeat(129),
      "",
      "-a",
      "a b",
      "a:b",
      "a/b",
      "é",
    ];
    const said = candidates.map((id) => pattern.test(id));
    expect(said).toEqual(candidates.map((id) => Identifier.safeParse(id).success));
    expect(Identifier.def.checks?.map((check) => String(check._zod.def["pattern" as never]))).toContain(
      String(pattern),
    );
  });

  it("DOC-1 has the bounds of a log", () => {
    const [, count = "", days = ""] =
      /the last ([\d ]+) events \(`LOG_MAX_EVENTS`\) and (\d+) days \(`LOG_TTL_SECONDS`\)/.exec(section) ?? [];

    expect(numberIn(count)).toBe(defaults.LOG_MAX_EVENTS);
    expect(Number(days) * 86_400).toBe(defaults.LOG_TTL_SECONDS);
  });
});

interface DescribedCommand {
  name: string;
  payload: DescribedField[];
  /** `undefined` where the page does not spell it out. */
  reply: DescribedField[] | undefined;
  roles: string[] | undefined;
}

const joinReply = describedFields(only(page.section("6.1"), /^Reply: `(\{.*\})`\.$/m));
const resumeFields = joinReply.filter(({ name }) => !["room", "members", "memberCount"].includes(name));
const latestEvents = describedFields(only(page.section("7.1"), /given in the reply as `(latest: Envelope\[\])`/));

function payloadIn(cell: string, index: number): DescribedField[] {
  if (cell === "an HLink message") return shapeIn(page.section("6.3"), '{ type: "user_message"');
  // `userIds` / `userId`: each for one of the commands that stand in the row.
  return splitOutside(cell, ",").flatMap((part) => {
    const alternatives = codeSpans(part).length > 1 && part.includes("` / `") ? part.split(" / ") : [part];
    return fieldsIn(alternatives[index] ?? part);
  });
}

function commandsIn(rows: string[][], replyOf: (cell: string) => DescribedField[] | undefined): DescribedCommand[] {
  return rows.flatMap(([names = "", payload = "", reply = ""]) =>
    codeSpans(names).map((name, index) => ({
      name,
      payload: payloadIn(payload, index),
      reply: replyOf(reply),
      roles: /\(role (\w+(?: or \w+)*)\)/.exec(payload)?.[1]?.split(" or "),
    })),
  );
}

/** Of `{ conversation }`, `{ events, hasMore }, oldest first`: the fields. */
function spelledOut(cell: string): DescribedField[] | undefined {
  const [shape] = codeSpans(cell).filter((code) => code.startsWith("{"));
  return shape === undefined ? undefined : describedFields(shape);
}

/** Those that every namespace has stand in sections 2 and 3. */
function ownCommands(namespace: Namespace): [string, AnyCommand][] {
  return Object.entries<AnyCommand>(commands[namespace]).filter(([name]) => !name.startsWith("system."));
}

function describeCommands(namespace: Namespace, described: DescribedCommand[]): void {
  it(`DOC-1 has the commands of ${namespace}, and no others`, () => {
    expect(described.map(({ name }) => name).toSorted()).toEqual(
      ownCommands(namespace)
        .map(([name]) => name)
        .toSorted(),
    );
  });

  it.each(described.map((command) => [command.name, command] as const))(
    `DOC-1 has payload, reply and roles of ${namespace} %s`,
    (name, { payload, reply, roles }) => {
      const definition = Object.fromEntries(ownCommands(namespace))[name] as AnyCommand;

      expect(differences(payload, definition.payload)).toEqual([]);
      expect(reply && differences(reply, definition.reply)).toEqual(reply && []);
      expect(roles).toEqual(definition.roles);
    },
  );
}

describe("PROTOCOL.md section 6: /chat", () => {
  const section = page.section("6");

  describeCommands(
    "/chat",
    commandsIn(tableRows(section, "command", "payload", "reply `data`"), (cell) => {
      if (cell === "section 6.1") return joinReply;
      if (cell === "section 6.3") return shapeIn(page.section("6.3"), '{ type: "websocket_ack"');
      const reply = spelledOut(cell);
      expect(reply).toBeDefined();
      return reply;
    }),
  );

  it("DOC-1 has what a list of conversations says of each", () => {
    const extra = fieldsIn(only(section, /newest activity first, each with (.*) \|$/m));
    const { element } = commands["/chat"]["conversation.list"].reply.shape.conversations;

    const faults = differences(extra, element.pick({ lastEvent: true, unread: true, readPosition: true }));

    expect(faults).toEqual([]);
  });

  it("DOC-1 has how long a message and a page may be", () => {
    const message = numberIn(only(section, /`message` \(1 to ([\d ]+) characters\)/));
    const [, page50 = "", most = ""] = /`limit\?` \((\d+), at most ([\d ]+)\)/.exec(section) ?? [];

    expect(message).toBe(limits.messageLength);
    expect(numberIn(page50)).toBe(EventLimit.parse(undefined));
    expect(numberIn(most)).toBe(limits.pageMax);
  });

  it("DOC-1 has where a list of members is cut", () => {
    const cut = Number(only(page.section("6.1"), /`members` is cut at (\d+)/));

    expect(cut).toBe(limits.membersInReply);
  });

  it("DOC-1 has the reasons for which history is lost", () => {
    const reasons = only(page.section("6.1"), /`lostReason: ([^`]*)`/)
      .replaceAll('"', "")
      .split(" | ");

    expect(reasons).toEqual(wordsOf(commands["/chat"].join_room.reply.shape.lostReason));
  });
});

describe("PROTOCOL.md section 6.3: HLink", () => {
  const section = page.section("6.3");

  it("DOC-1 has the message and its acknowledgement", () => {
    expect(differences(shapeIn(section, '{ type: "user_message"'), HlinkMessage)).toEqual([]);
    expect(differences(shapeIn(section, '{ type: "websocket_ack"'), WebsocketAck)).toEqual([]);
  });

  it("DOC-1 has what a payload needs", () => {
    const [, texts = "", textNeeds = "", asset = "", assetNeeds = ""] =
      /(`user_message`.*) need (`.*?`); (`.*?`) needs (.*?)\.$/m.exec(section) ?? [];
    const said = [
      ...codeSpans(texts).map(
        (type) => [type, codeSpans(textNeeds).map((field) => field.replace("payload.", ""))] as const,
      ),
      [codeSpans(asset)[0], codeSpans(assetNeeds).toSorted()] as const,
    ];

    const needed = HlinkMessage.options.map(({ shape }) => {
      const required = fieldNames(shape.payload).filter((name) => !name.endsWith("?"));
      return [shape.type.value, required.toSorted()] as const;
    });
    expect(said).toEqual(needed.filter(([, required]) => required.length > 0));
  });
});

describe("PROTOCOL.md section 7.1: /monitoring", () => {
  const section = page.section("7.1");

  const described = commandsIn(tableRows(section, "command", "payload", "reply `data`"), (cell) => {
    const reply = spelledOut(cell);
    if (cell.startsWith("`{ id, joined")) return [...(reply ?? []), ...latestEvents];
    return reply;
  });
  const [joining] = described.filter(({ name }) => name === "join_room");
  const [leaving] = described.filter(({ name }) => name === "leave_room");
  // Their row is one for both: leaving takes the room alone.
  if (joining) joining.reply = [...describedFields("room"), ...resumeFields, ...latestEvents];
  if (leaving) leaving.payload = leaving.payload.filter(({ name }) => name === "room");

  describeCommands("/monitoring", described);

  it("DOC-1 has how many topics and subscriptions there may be", () => {
    const topics = Number(only(section, /`topics: string\[\]` \(1 to (\d+)\)/));
    const subscriptions = Number(only(section, /At most (\d+) subscriptions per connection/));

    expect(topics).toBe(limits.topicsPerSubscription);
    expect(subscriptions).toBe(defaults.LIMIT_SUBSCRIPTIONS_PER_CONNECTION);
  });
});

describe("PROTOCOL.md section 7.2: /agents", () => {
  const section = page.section("7.2");
  const rows = tableRows(section, "direction", "name", "payload", "reply");
  const [toAgent, fromAgent] = ["→ agent", "agent →"].map((direction) =>
    rows.filter((row) => row[0] === direction).map((row) => row.slice(1)),
  );

  describeCommands(
    "/agents",
    commandsIn(fromAgent ?? [], (cell) => {
      // The heartbeat's: what came, with an addition.
      if (cell.startsWith("the same, plus "))
        return [...describedFields("agentId, dispatches?: [{ messageId, attempt }]"), ...fieldsIn(cell)];
      return spelledOut(cell);
    }),
  );

  it("DOC-1 has what an agent is told", () => {
    const described = commandsIn(toAgent ?? [], spelledOut);
    const [dispatch, cancel] = described;

    expect(described.map(({ name }) => name)).toEqual(["dispatch", "cancel"]);
    expect(differences(dispatch?.payload ?? [], DispatchMessage)).toEqual([]);
    expect(differences(dispatch?.reply ?? [], DispatchAcceptance)).toEqual([]);
    expect(differences(cancel?.payload ?? [], CancelMessage)).toEqual([]);
    expect(cancel?.reply).toBeUndefined();
  });

  it("DOC-1 has the activities that an agent reports", () => {
    const count = only(section, /`type` \(one of the (four) agent events\)/);
    const types = commands["/agents"].activity.payload.options.map(({ shape }) => shape.type.value);

    const told = tableRows(page.section("5"), "type", "room", "durable", "data")
      .filter(([, room, , data]) => room === "`agent:{id}`" && data !== "section 7.2")
      .flatMap(([names = ""]) => codeSpans(names));
    expect({ four: 4 }[count]).toBe(types.length);
    expect(types).toEqual(told);
  });

  it("DOC-1 has the times and the states of a dispatch", () => {
    const lease = Number(only(section, /leaseMs: (\d+)/));
    const heartbeat = Number(only(section, /heartbeatIntervalMs: (\d+)/));
    const states = only(section, /A dispatch goes `([^`]*)`/).split(/ → | \| /);

    expect(lease).toBe(defaults.AGENT_LEASE_MS);
    expect(heartbeat).toBe(defaults.AGENT_HEARTBEAT_INTERVAL_MS);
    expect(states).toEqual(DispatchStatus.options);
  });
});

describe("PROTOCOL.md section 8: HTTP", () => {
  const section = page.section("8");

  it.each<[string, string, z.ZodType]>([
    ["GET /api/websocket/status", "{ status:", WebsocketStatus],
    ["POST /api/events", "{ room, type", EventToPublish],
    ["the answer of POST /api/events", "[{ id, position", PublishAnswer.element],
    ["POST /api/tasks", "{ id, title", Task],
    ["POST /api/streams", "{ id, name }", TaskStream],
    ["POST /api/dispatches", "{ agentId |", CreateDispatchBody],
    ["the answer of POST /api/dispatches", "{ messageId, status }", DispatchCreated],
    ["POST /api/revocations", "{ userId |", Revocation],
  ])("DOC-1 has the fields of %s", (_route, beginning, schema) => {
    const [shape = ""] = codeSpans(section.replaceAll("\\|", "|")).filter((code) => code.startsWith(beginning));
    const fields = describedFields(shape.replace(/^\[(.*)\]$/, "$1"));

    // That an ephemeral event has no position is said of events in general.
    const real = schema === PublishAnswer.element ? PublishAnswer.element.required() : schema;
    expect(differences(fields, real)).toEqual([]);
  });

  it("DOC-1 has how many events and how long a wait there may be", () => {
    const published = Number(only(section, /a list of up to (\d+):/));
    const wait = Number(only(section, /`wait` \(≤ (\d+) s\)/));

    expect(published).toBe(limits.eventsPerRequest);
    expect(wait).toBe(limits.waitSecondsMax);
  });
});

describe("PROTOCOL.md section 9: plain WebSocket", () => {
  const section = page.section("9");

  it("DOC-1 has the close codes", () => {
    const listed = only(section, /^Close codes: (.*)\.$/m)
      .split(", ")
      .map((entry) => [Number(entry.slice(0, 4)), entry.slice(5).split(" or ").toSorted()]);

    const expected = new Map<number, string[]>();
    for (const [reason, { closeCode }] of Object.entries(disconnectReasons)) {
      expected.set(closeCode, [...(expected.get(closeCode) ?? []), reason.replaceAll("_", " ")].toSorted());
    }
    for (const [name, code] of Object.entries(closeCodes)) {
      // `frameTooLarge`: a name of its own goes before that of a reason, for the two that are called a restart.
      expected.set(code, [name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)]);
    }
    expect(listed).toEqual([...expected].toSorted(([a], [b]) => a - b));
  });

  it("DOC-1 has the frames of the agent bridge", () => {
    const frames = codeSpans(section)
      .filter((code) => code.startsWith('{ "type": "'))
      .filter((code) => !/"(?:reply|event)"/.test(code))
      .map(describedFields);
    const schemas = [...BridgeFrame.options, ...BridgeServerFrame.options];

    const strangers = frames.flatMap((fields) => {
      const type = JSON.parse(String(fields[0]?.type)) as string;
      const known = schemas.filter(({ shape }) => shape.type.value === type).flatMap(({ shape }) => Object.keys(shape));
      return fields.filter(({ name }) => !known.includes(name)).map(({ name }) => `${type}: ${name}`);
    });

    const types = new Set(
      schemas.map(({ shape }) => String(shape.type.value)).filter((type) => !type.startsWith("system.")),
    );
    expect(strangers).toEqual([]);
    expect(new Set(frames.map((fields) => JSON.parse(String(fields[0]?.type))))).toEqual(types);
  });
});

describe("PROTOCOL.md section 10: /admin and limits", () => {
  const section = page.section("10");

  const listed = only(section, /^Commands \(role admin, audited\): ([\s\S]*?)\. Every /m);
  const named = [...listed.matchAll(/`(admin\.\w+)`(?: `(\{[^`]*\})`)?/g)].map(([, name, payload]) => ({
    name: String(name),
    payload,
  }));

  it("DOC-1 has the commands of /admin, and no others", () => {
    expect(named.map(({ name }) => name)).toEqual(ownCommands("/admin").map(([name]) => name));
  });

  it.each(named.filter(({ payload }) => payload !== undefined))(
    "DOC-1 has the payload of /admin $name",
    ({ name, payload = "" }) => {
      const definition = Object.fromEntries(ownCommands("/admin"))[name] as AnyCommand;

      expect(differences(describedFields(payload), definition.payload)).toEqual([]);
    },
  );

  it("DOC-1 has what each command of /admin is answered", () => {
    const rows = tableRows(section, "command", "reply `data`").map(([name = ""]) => codeSpans(name)[0]);

    expect(rows).toEqual(ownCommands("/admin").map(([name]) => name));
  });

  it("DOC-1 has the steps of a trace with their fields, and why an event is dropped", () => {
    const rows = tableRows(section, "step", "with", "means");
    const named = rows.map(([step = "", fields = ""]) => [codeSpans(step)[0], codeSpans(fields)[0]?.split(", ")]);
    const whys = codeSpans(rows.find(([step]) => step === "`dropped`")?.[2] ?? "");

    const common = ["traceId", "at", "instanceId", "step"];
    expect(named).toEqual(
      TraceStep.options.map(({ shape }) => [
        shape.step.value,
        Object.keys(shape).filter((field) => !common.includes(field)),
      ]),
    );
    expect(whys).toEqual(TraceDrop.options);
  });

  const rows = tableRows(section, "limit", "variable", "default").flatMap(([, names = "", values = ""]) => {
    const numbers = values.split("; ")[0]?.split(", ") ?? [];
    return codeSpans(names).map((name, index) => [name, numberIn(numbers[index] ?? "")] as const);
  });

  it("DOC-1 has every limit, and no other", () => {
    const inForce = variables.filter((name) => name.startsWith("LIMIT_")).map((name) => [name, defaults[name]]);

    expect(rows.toSorted()).toEqual(inForce.toSorted());
  });
});

describe("PROTOCOL.md section 11: configuration", () => {
  const rows = tableRows(page.section("11"), "variable", "default", "meaning").flatMap(
    ([names = "", values = "", meaning = ""]) => {
      const written = splitOutside(values, ",");
      const inRow = codeSpans(names).map((name, index) => ({
        name,
        value: written.length === 1 ? written[0] : written[index],
      }));
      // Stream names … (`ui_events`, `signalbox:ingest`) are `REDIS_UI_EVENTS_STREAM`, `REDIS_INGEST_STREAM`
      const [, others = "", streams = ""] = /\((`[^)]*`)\) are (`.*`)$/.exec(meaning) ?? [];
      const inMeaning = codeSpans(streams).map((name, index) => ({ name, value: codeSpans(others)[index] }));
      return [...inRow, ...inMeaning];
    },
  );

  /** What the page says where the default depends on `NODE_ENV`: the variable itself has none. */
  const depends: Partial<Record<keyof Config, string>> = {
    HOST: "0.0.0.0 (127.0.0.1 outside production)",
    LOG_FORMAT: "json in production",
    CORS_ORIGINS: "same origin only (outside production any localhost origin too)",
  };

  it("DOC-1 has every variable, and no other", () => {
    const names = rows.map(({ name }) => name);

    expect(names.toSorted()).toEqual(variables.filter((name) => !name.startsWith("LIMIT_")).toSorted());
  });

  it.each(variables.filter((name) => !name.startsWith("LIMIT_")))("DOC-1 has the default of %s", (name) => {
    const row = rows.find((other) => other.name === name);
    const value = defaults[name];

    const said = row?.value?.replaceAll("`", "");
    const none = value === undefined || (Array.isArray(value) && value.length === 0);
    expect(said).toBe(none ? (depends[name] ?? "–") : String(value));
  });
});
