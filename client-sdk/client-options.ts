import type { BackoffOptions } from "./connection/backoff.ts";
import type { Environment } from "./connection/environment.ts";
import type { TokenOptions } from "./connection/token-source.ts";
import type { LoggerOptions } from "./log/logger.ts";
import type { ClientNamespace } from "./sending/command-policies.ts";

/** What a client is made from: where, as whom, and how patiently. One of `token`, `getToken` and `cookie` is needed. */
export interface ClientOptions extends TokenOptions {
  /** Where the server is: `https://signalbox.example.com`. Default, in a browser: where the page is from. */
  url?: string;
  /** Where the client goes. All of them must let it in. Default: `["/chat"]`. */
  namespaces?: readonly ClientNamespace[];
  /** How long to wait between attempts to connect. Default: `defaultBackoff`. */
  backoff?: Partial<BackoffOptions>;
  /** Where positions are kept. `session` outlives a reload of the page, which then has to keep what it shows, too. Default: `memory`. */
  positions?: "memory" | "session";
  /** Distinguishes clients of one page that keep positions. Default: `client`. */
  name?: string;
  /** Whether HTTP is tried where WebSockets cannot be opened. Default: true. */
  fallback?: boolean;
  /** Commands that may wait for a connection, or their answer. Default: 1 000. */
  maxWaiting?: number;
  /** How long a connection may take to open, milliseconds. Default: 10 000. */
  openTimeoutMs?: number;
  /** How long a command may take to be answered before it is sent again, milliseconds. Default: 20 000. */
  answerTimeoutMs?: number;
  /** Path of Socket.IO on the server. Default: `/socket.io`. */
  path?: string;
  /** What is written, and where. */
  logger?: LoggerOptions;
  /** For tests: clock, chance, network. */
  environment?: Environment;
}
