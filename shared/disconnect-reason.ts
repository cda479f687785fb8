import { disconnectReasons } from "./disconnect-table.ts";
import { keysEnum } from "./keys-enum.ts";

export { disconnectReasons };

export const DisconnectReason = keysEnum(disconnectReasons);
export type DisconnectReason = keyof typeof disconnectReasons;

/** Close codes of the plain WebSocket doors that are not a reason above: refusals before there is a session. */
export const closeCodes = {
  frameTooLarge: 1009,
  serverRestart: 1012,
  unauthenticated: 4000,
  registerFirst: 4001,
  forbidden: 4003,
} as const;
