import { commands } from "../../shared/commands/catalogue.ts";
import { disconnectReasons } from "../../shared/disconnect-reason.ts";
import { asyncApiDocument } from "../../shared/documents/asyncapi.ts";
import { JsonSchemas } from "../../shared/documents/json-schemas.ts";
import { openApiDocument } from "../../shared/documents/openapi.ts";
import { BridgeFrame, BridgeServerFrame } from "../../shared/plain-websocket/agent-bridge-frames.ts";
import { ClientFrame } from "../../shared/plain-websocket/frames.ts";
import { bareKinds, kindsWithId } from "../../shared/room.ts";

/** Names that other standards give, and those of Redis keys and their fields. */
const fromElsewhere = [
  ...["null", "true", "false", "data", "onmessage"],
  ...["sub", "iss", "aud", "exp", "iat", "sid", "jti", "preferred_username", "realm_access.roles"],
  ...["connect_error", "auth.autoJoin", "signalbox_session", "conversation_id"],
  ...["signalbox", "ui_events", "at", "head", "tail", "entry", "fields", "event_type"],
];

/** Every name that the contract has: commands, events, messages, fields, values, codes, kinds of room. */
export const contractNames: ReadonlySet<string> = new Set([
  ...fromElsewhere,
  ...Object.values(commands).flatMap((space) => Object.keys(space)),
  ...Object.keys(disconnectReasons),
  ...[...kindsWithId, ...bareKinds],
  ...namesIn(asyncApiDocument()),
  ...namesIn(openApiDocument()),
  ...[BridgeFrame, BridgeServerFrame, ClientFrame].flatMap((frame) =>
    namesIn(new JsonSchemas({ target: "draft-2020-12" }).of(frame, "input")),
  ),
]);

/** The names of fields and messages in a document, and the values that its enums and constants allow. */
function namesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn);
  if (typeof value !== "object" || value === null) return typeof value === "string" ? [value] : [];
  return Object.entries(value).flatMap(([key, inner]) => (key === "description" ? [] : [key, ...namesIn(inner)]));
}
