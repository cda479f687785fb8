import type { ClientOptions } from "./client-options.ts";
import { defaultBackoff } from "./connection/backoff.ts";
import type { ConnectionDeps } from "./connection/connection.ts";
import type { TextStore } from "./connection/environment.ts";
import { createHostEnvironment, createMemoryStore } from "./connection/host-environment.ts";
import { serverUrl, socketPathOf } from "./connection/server-url.ts";
import { createTokenSource } from "./connection/token-source.ts";
import { createLogger } from "./log/logger.ts";
import type { ClientNamespace } from "./sending/command-policies.ts";
import { createLazyTransport } from "./transport/lazy-transport.ts";
import { createSocketIoTransport } from "./transport/socket-io-transport.ts";

interface ClientDeps extends ConnectionDeps {
  namespaces: readonly ClientNamespace[];
  url: string;
  /** Timeout of HTTP requests, milliseconds. */
  timeoutMs: number;
  /** Store for positions that need not outlive the client. */
  memory: TextStore;
}

/** Consecutive WebSocket failures before HTTP is tried: a single one may be a restarting server. */
const websocketFailuresBeforeFallback = 2;

/** Builds what a connection depends on from the options of a client. */
export function connectionDeps(options: ClientOptions): ClientDeps {
  const { namespaces = ["/chat"], openTimeoutMs = 10_000, path = "/socket.io", fallback = true } = options;
  const environment = options.environment ?? createHostEnvironment();
  const tokens = createTokenSource(options);
  const url = serverUrl(options.url);
  return {
    namespaces,
    url,
    timeoutMs: openTimeoutMs,
    environment,
    tokens,
    memory: createMemoryStore(),
    logger: createLogger({ now: () => environment.now(), ...options.logger }),
    settings: {
      backoff: { ...defaultBackoff, ...options.backoff },
      canRenew: tokens.canRenew,
      fallbackAfter: fallback ? websocketFailuresBeforeFallback : Number.POSITIVE_INFINITY,
    },
    transports: {
      websocket: createSocketIoTransport({ url, path: socketPathOf(url, path), openTimeoutMs }),
      http: createLazyTransport("http", async () => {
        const { createHttpTransport } = await import("./transport/http-transport.ts");
        return createHttpTransport({ url, environment, openTimeoutMs });
      }),
    },
  };
}
