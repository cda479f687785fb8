import { type DefaultEventsMap, Server } from "socket.io";
import { limits } from "../../../shared/limits.ts";
import type { Admission } from "../../connect/admission.ts";
import type { OpenedConnection } from "../../connect/connector.ts";
import { silenceLimitMs } from "../../connect/keepalive.ts";
import type { Origins } from "../../connect/origins.ts";
import { corkForThisTurn } from "../wire/cork.ts";
import { NotifyingWebSocketServer } from "../wire/notifying-web-socket.ts";
import { contractParser } from "./contract-parser.ts";

interface SocketIoServerOptions {
  path: string;
  transports: readonly ("websocket" | "polling")[];
  admission: Pick<Admission, "refusalOf" | "begin">;
  /** Whether the store has been unreachable for more than a moment, so that no client can be accepted. */
  isStoreAway(): boolean;
  origins: Origins;
  heartbeatIntervalMs: number;
  /** Another WebSocket implementation: a class like the server of `ws`. */
  wsEngine?: unknown;
}

export type NoEvents = Record<string, never>;
/** Data of a socket whose client was accepted. */
export interface AcceptedSocket {
  /** Until the connection is established. */
  opened?: OpenedConnection;
  /** From then on. */
  connection?: { end(reason: string): void; refuse(): void };
}
export type SocketIoServer = Server<NoEvents, DefaultEventsMap, NoEvents, AcceptedSocket>;

/** Bytes of a packet before a client is known. `EngineConnections` raises it. */
const unknownClientBytes = limits.unknownClientBytes + 1_024;
const connectTimeoutMs = 10_000;

/** The library's server with this project's settings. Not listening until it is attached. */
export function createSocketIoServer(options: SocketIoServerOptions): SocketIoServer {
  const { heartbeatIntervalMs, admission, origins, isStoreAway, wsEngine = NotifyingWebSocketServer } = options;
  return new Server({
    path: options.path,
    transports: [...options.transports],
    parser: contractParser,
    wsEngine,
    maxHttpBufferSize: unknownClientBytes,
    perMessageDeflate: false,
    connectTimeout: connectTimeoutMs,
    pingInterval: heartbeatIntervalMs,
    pingTimeout: silenceLimitMs(heartbeatIntervalMs) - heartbeatIntervalMs,
    // Upgrades of other paths belong to other doors, which also refuse unknown ones.
    destroyUpgrade: false,
    // Browsers do not read responses to upgrades; only the origin matters, which `allowRequest` checks.
    cors: ({ headers }, decide) => {
      if (headers.upgrade !== undefined) return decide(null, { origin: false });
      decide(null, {
        origin: (origin, allow) => allow(null, origins.isListed(origin)),
        credentials: true,
      });
    },
    // For refusals that clients recover from by themselves: they retry with back-off.
    allowRequest: (request, allow) => {
      const refusal = isStoreAway() ? "The store is out of reach" : origins.refusalOf(request.headers);
      if (refusal !== undefined) allow(refusal, false);
      else {
        const refused = admission.refusalOf(request);
        if (refused) allow(refused.message, false);
        else {
          admission.begin(() => {
            // The response to the upgrade and the engine's greeting, which follows it directly.
            if (request.headers.upgrade !== undefined) corkForThisTurn(request.socket);
            allow(undefined, true);
          });
        }
      }
    },
  });
}
