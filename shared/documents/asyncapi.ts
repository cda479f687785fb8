import { commands } from "../commands/catalogue.ts";
import type { AnyCommand } from "../commands/define-command.ts";
import { LatestEvent, LoggedEvent } from "../commands/fields.ts";
import { events } from "../events/catalogue.ts";
import type { AnyEvent } from "../events/define-event.ts";
import { type Namespace, namespaceDescriptions, namespaces, rolesOfNamespace } from "../namespace.ts";
import { namespaceMessages } from "../namespace-messages.ts";
import { protocolVersion } from "../protocol.ts";
import { ReplyError } from "../reply.ts";
import { namespaceOfKind } from "../room.ts";
import { systemMessages } from "../system-message.ts";
import { type JsonSchema, JsonSchemas } from "./json-schemas.ts";
import { describedFor, firstSentence } from "./texts.ts";

type Messages = Record<string, unknown>;
type Operations = Record<string, unknown>;

/** Commands, events and system messages of each namespace as an AsyncAPI 3 document. */
export function asyncApiDocument(): Record<string, unknown> {
  const schemas = new JsonSchemas({ target: "draft-7" });
  const operations: Operations = {};
  const system = Object.entries(systemMessages).map(([type, schema]) => [
    type,
    messageOf(type, schemas.of(schema, "output")),
  ]);
  const channels = Object.fromEntries(
    namespaces.map((namespace) => [nameOf(namespace), channelOf(namespace, schemas, operations)]),
  );
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Signalbox",
      version: String(protocolVersion),
      description:
        "Commands, each of which gets one reply, and events. Every namespace is a channel of Socket.IO; those of `/chat` and `/monitoring` are served as JSON frames at `/ws` too.",
      license: { name: "MIT" },
    },
    defaultContentType: "application/json",
    servers: {
      socketIo: {
        host: "localhost:8000",
        pathname: "/socket.io/",
        protocol: "ws",
        description: "Socket.IO 4. The token stands in `auth.token`.",
      },
      plainWebSocket: {
        host: "localhost:8000",
        pathname: "/ws",
        protocol: "ws",
        description: "JSON frames; the token stands in `?token=` or in the header.",
      },
    },
    channels,
    operations,
    components: { messages: Object.fromEntries(system), schemas: schemas.shared },
  };
}

const nameOf = (namespace: Namespace) => namespace.slice(1);

function channelOf(namespace: Namespace, schemas: JsonSchemas, operations: Operations) {
  const name = nameOf(namespace);
  const messages: Messages = {};
  for (const command of Object.values<AnyCommand>(commands[namespace])) {
    addCommand(name, command, schemas, messages, operations);
  }
  const sent: Messages = {};
  for (const event of Object.values<AnyEvent>(events)) {
    if (event.rooms.some((kind) => namespaceOfKind[kind] === namespace)) sent[event.type] = eventOf(event, schemas);
  }
  // They are the same in all namespaces.
  for (const type of Object.keys(systemMessages)) sent[type] = { $ref: `#/components/messages/${type}` };
  for (const [type, { data, reply }] of Object.entries(namespaceMessages[namespace])) {
    const message = messageOf(type, schemas.of(data, "output"));
    if (reply) addQuestion(name, message, schemas.of(reply, "input"), messages, operations);
    else sent[type] = message;
  }
  operations[`${name}.tell`] = {
    action: "send",
    summary: "Events and messages that clients of this namespace get.",
    channel: channelRef(name),
    messages: Object.keys(sent).map((message) => messageRef(name, message)),
  };
  Object.assign(messages, sent);
  return {
    address: namespace,
    description: describedFor(namespaceDescriptions[namespace], rolesOfNamespace[namespace]),
    messages,
  };
}

function addCommand(
  channel: string,
  { name, description, roles, payload, reply }: AnyCommand,
  schemas: JsonSchemas,
  messages: Messages,
  operations: Operations,
): void {
  messages[`${name}.command`] = { name, title: name, payload: schemas.of(payload, "input") };
  messages[`${name}.reply`] = {
    name: `${name}.reply`,
    title: `Reply to ${name}`,
    payload: {
      oneOf: [
        object({ ok: { const: true }, data: schemas.of(reply, "output") }),
        object({ ok: { const: false }, error: schemas.of(ReplyError, "output") }),
      ],
    },
  };
  operations[`${channel}.${name}`] = {
    action: "receive",
    summary: firstSentence(description),
    description: describedFor(description, roles),
    channel: channelRef(channel),
    messages: [messageRef(channel, `${name}.command`)],
    reply: { channel: channelRef(channel), messages: [messageRef(channel, `${name}.reply`)] },
  };
}

/** A message that the client acknowledges. */
function addQuestion(
  channel: string,
  message: Message,
  reply: JsonSchema,
  messages: Messages,
  operations: Operations,
): void {
  const answered = `${message.name}.reply`;
  messages[message.name] = message;
  messages[answered] = messageOf(answered, reply);
  operations[`${channel}.${message.name}`] = {
    action: "send",
    channel: channelRef(channel),
    messages: [messageRef(channel, message.name)],
    reply: { channel: channelRef(channel), messages: [messageRef(channel, answered)] },
  };
}

function eventOf({ type, description, durable, rooms, data }: AnyEvent, schemas: JsonSchemas) {
  const envelope = schemas.of(durable ? LoggedEvent : LatestEvent, "output");
  const properties = { type: { const: type }, data: schemas.of(data, "output") };
  return {
    name: type,
    title: type,
    summary: firstSentence(description),
    description: `${description} In rooms of the kind ${rooms.join(", ")}; ${durable ? "durable" : "ephemeral"}.`,
    payload: { allOf: [envelope, { type: "object", properties }] },
  };
}

interface Message {
  name: string;
  title: string;
  payload: JsonSchema;
}

function messageOf(type: string, payload: JsonSchema): Message {
  return { name: type, title: type, payload };
}

function object(properties: Record<string, unknown>) {
  return { type: "object", properties, required: Object.keys(properties), additionalProperties: false };
}

const channelRef = (name: string) => ({ $ref: `#/channels/${name}` });
const messageRef = (channel: string, message: string) => ({ $ref: `#/channels/${channel}/messages/${message}` });
