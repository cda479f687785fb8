import type { WebSocket } from "ws";
import { closeCodes, disconnectReasons } from "../../../shared/disconnect-reason.ts";
import type { ErrorCode } from "../../../shared/error-code.ts";

/** How long a client may take to answer a close. */
const closeTimeoutMs = 2_000;

/** Closes it, and ends it should the client not answer. */
export function endWebSocket(webSocket: WebSocket, code: number, reason: string): void {
  webSocket.close(code, reason);
  // A reader that does not read would keep its backlog in memory for as long as it does not answer.
  const timer = setTimeout(() => webSocket.terminate(), closeTimeoutMs);
  webSocket.once("close", () => clearTimeout(timer));
}

const refusals: Partial<Record<ErrorCode, number>> = {
  unauthenticated: closeCodes.unauthenticated,
  token_expired: disconnectReasons.token_expired.closeCode,
  forbidden: closeCodes.forbidden,
  // Coming back at once would not help: another connection has to be closed first.
  limit_exceeded: disconnectReasons.rate_limited.closeCode,
};

/** With what code somebody is closed who is not let in. */
export const refusalCodeOf = (code: ErrorCode): number => refusals[code] ?? closeCodes.serverRestart;
