import { disconnectReasons } from "./disconnect-table.ts";
import { keysEnum } from "./keys-enum.ts";

export { disconnectReasons };

export const DisconnectReason = keysEnum(disconnectReasons).meta({
  id: "DisconnectReason",
  description: "Why the server ends a connection.",
});
export type DisconnectReason = keyof typeof disconnectReasons;

/** What happened, in words. Apart from the table, which is part of the client's package. */
export const reasonMeanings: Readonly<Record<DisconnectReason, string>> = {
  server_shutdown: "The instance stops.",
  token_expired: "The token expired 10 s ago and was not refreshed.",
  revoked: "The user, the session or the token was revoked.",
  kicked: "An admin ended the connection.",
  heartbeat_lost: "The client sent nothing for two heartbeat intervals plus 10 s; an agent, nothing for its lease.",
  slow_consumer: "The client did not read what was sent to it.",
  rate_limited: "The client went on sending far beyond its rate.",
  protocol_error: "The client sent something that the transport's protocol does not allow.",
  replaced: "The same agent registered on another connection.",
};

/** Close codes of the plain WebSocket doors that belong to no disconnect reason. */
export const closeCodes = {
  frameTooLarge: 1009,
  serverRestart: 1012,
  unauthenticated: 4000,
  registerFirst: 4001,
  forbidden: 4003,
} as const;
