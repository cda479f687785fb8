import type { BackoffOptions } from "./connection/backoff.ts";
import type { Environment } from "./connection/environment.ts";
import type { TokenOptions } from "./connection/token-source.ts";
import type { LoggerOptions } from "./log/logger.ts";
import type { ClientNamespace } from "./sending/command-policies.ts";

/** Options of a client. Exactly one of `token`, `getToken` and `cookie` is required. */
export interface ClientOptions extends TokenOptions {
  /**
   * Base URL of the server: `https://example.com`, or with a path if the server is below one: `https://example.com/rt`.
   * Default, in a browser: the origin of the page.
   */
  url?: string;
  /** Namespaces to connect to. Every one of them must accept the client. Default: `["/chat"]`. */
  namespaces?: readonly ClientNamespace[];
  /** Delays between connection attempts. Default: `defaultBackoff`. */
  backoff?: Partial<BackoffOptions>;
  /**
   * Where positions are stored. `session` (sessionStorage) survives a reload of the page, which then must keep its own
   * data as well. Default: `memory`.
   */
  positions?: "memory" | "session";
  /** Distinguishes the stored positions of several clients on one page. Default: `client`. */
  name?: string;
  /** Fall back to HTTP when WebSockets cannot be opened. Default: true. */
  fallback?: boolean;
  /** Commands that may wait for a connection or a reply. Default: 1 000. */
  maxWaiting?: number;
  /** Timeout for opening a connection, milliseconds. Default: 10 000. */
  openTimeoutMs?: number;
  /** Timeout for a reply, after which a command is sent again, milliseconds. Default: 20 000. */
  answerTimeoutMs?: number;
  /** Path of Socket.IO, below that of `url`. Default: `/socket.io`. */
  path?: string;
  /** Log level and destination. */
  logger?: LoggerOptions;
  /** Clock, randomness and network, for tests. */
  environment?: Environment;
}
