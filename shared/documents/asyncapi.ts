import { adminMessages } from "../admin-messages.ts";
import { type CommandSpace, commands } from "../commands/catalogue.ts";
import type { AnyCommand } from "../commands/define-command.ts";
import { LoggedEvent } from "../commands/fields.ts";
import { events } from "../events/catalogue.ts";
import type { AnyEvent } from "../events/define-event.ts";
import { type Namespace, namespaces, rolesOfNamespace } from "../namespace.ts";
import { protocolVersion } from "../protocol.ts";
import { ReplyError } from "../reply.ts";
import { namespaceOfKind } from "../room.ts";
import { systemMessages } from "../system-message.ts";
import { JsonSchemas } from "./json-schemas.ts";

type Messages = Record<string, unknown>;
type Operations = Record<string, unknown>;

/** Commands, events and system messages of each namespace as an AsyncAPI 3 document. */
export function asyncApiDocument(): Record<string, unknown> {
  const schemas = new JsonSchemas({ target: "draft-7" });
  schemas.shared.Error = schemas.of(ReplyError, "output");
  const operations: Operations = {};
  const system = Object.entries(systemMessages).map(([type, schema]): [string, unknown] => [
    type,
    { name: type, title: type, payload: schemas.of(schema, "output") },
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
  for (const command of Object.values<AnyCommand>(commands[namespace satisfies CommandSpace])) {
    addCommand(name, command, schemas, messages, operations);
  }
  const told = [
    ...Object.values<AnyEvent>(events)
      .filter(({ rooms }) => rooms.some((kind) => namespaceOfKind[kind] === namespace))
      .map((event) => addEvent(event, schemas, messages)),
    ...Object.keys(systemMessages).map((type) => addSystemMessage(type, messages)),
    ...(namespace === "/admin" ? Object.entries(adminMessages) : []).map(([type, schema]) => {
      messages[type] = { name: type, title: type, payload: schemas.of(schema, "output") };
      return type;
    }),
  ];
  operations[`${name}.tell`] = {
    action: "send",
    summary: "What clients of this namespace are told.",
    channel: channelRef(name),
    messages: told.map((message) => messageRef(name, message)),
  };
  return { address: namespace, description: `For the roles ${rolesOfNamespace[namespace].join(", ")}.`, messages };
}

function addCommand(
  channel: string,
  { name, roles, payload, reply }: AnyCommand,
  schemas: JsonSchemas,
  messages: Messages,
  operations: Operations,
): void {
  const answered = `${name}.reply`;
  messages[`${name}.command`] = { name, title: name, payload: schemas.of(payload, "input") };
  messages[answered] = {
    name: answered,
    title: `Reply to ${name}`,
    payload: {
      oneOf: [
        object({ ok: { const: true }, data: schemas.of(reply, "output") }),
        object({ ok: { const: false }, error: { $ref: "#/components/schemas/Error" } }),
      ],
    },
  };
  operations[`${channel}.${name}`] = {
    action: "receive",
    ...(roles && { summary: `For the roles ${roles.join(", ")}.` }),
    channel: channelRef(channel),
    messages: [messageRef(channel, `${name}.command`)],
    reply: { channel: channelRef(channel), messages: [messageRef(channel, answered)] },
  };
}

function addEvent({ type, durable, rooms, data }: AnyEvent, schemas: JsonSchemas, messages: Messages): string {
  const envelope = schemas.of(durable ? LoggedEvent : LoggedEvent.omit({ position: true }), "output");
  const properties = { ...(envelope.properties as object), type: { const: type }, data: schemas.of(data, "output") };
  messages[type] = {
    name: type,
    title: type,
    summary: `In rooms of the kind ${rooms.join(", ")}; ${durable ? "kept" : "not kept"}.`,
    payload: { ...envelope, properties },
  };
  return type;
}

/** They are the same in all namespaces. */
function addSystemMessage(type: string, messages: Messages): string {
  messages[type] = { $ref: `#/components/messages/${type}` };
  return type;
}

function object(properties: Record<string, unknown>) {
  return { type: "object", properties, required: Object.keys(properties), additionalProperties: false };
}

const channelRef = (name: string) => ({ $ref: `#/channels/${name}` });
const messageRef = (channel: string, message: string) => ({ $ref: `#/channels/${channel}/messages/${message}` });
