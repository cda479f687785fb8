import { type DefaultEventsMap, Server } from "socket.io";
import { limits } from "../../../shared/limits.ts";
import type { Admission } from "../../connect/admission.ts";
import type { OpenedConnection } from "../../connect/connector.ts";
import { silenceLimitMs } from "../../connect/keepalive.ts";
import type { Origins } from "../../connect/origins.ts";
import { corkForThisTurn } from "../wire/cork.ts";
import { contractParser } from "./contract-parser.ts";

export interface SocketIoServerOptions {
  path: string;
  transports: readonly ("websocket" | "polling")[];
  admission: Pick<Admission, "refusalOf" | "begin">;
  /** Nobody can be let in for want of the store, and it has been so for more than a moment. */
  isStoreAway(): boolean;
  origins: Origins;
  heartbeatIntervalMs: number;
  /** Another implementation of WebSockets: a class like the server of `ws`. Default: the library's own. */
  wsEngine?: unknown;
}

export type NoEvents = Record<string, never>;
/** Of a client that is let in. */
export interface LetIn {
  /** Until it is told so. */
  opening?: OpenedConnection;
  /** From then on. */
  connection?: { end(reason: string): void; refuse(): void };
}
export type SocketIoServer = Server<NoEvents, DefaultEventsMap, NoEvents, LetIn>;

/** What surrounds a command is small. All but the results of agents are held to less by the router. */
const maxPacketBytes = limits.resultBytes + 1_024;
const connectTimeoutMs = 10_000;

/** The library's server with our settings. Listens to nothing until it is attached. */
export function createSocketIoServer(options: SocketIoServerOptions): SocketIoServer {
  const { heartbeatIntervalMs, admission, origins, isStoreAway, wsEngine } = options;
  return new Server({
    path: options.path,
    transports: [...options.transports],
    parser: contractParser,
    ...(wsEngine === undefined ? {} : { wsEngine }),
    maxHttpBufferSize: maxPacketBytes,
    perMessageDeflate: false,
    connectTimeout: connectTimeoutMs,
    pingInterval: heartbeatIntervalMs,
    pingTimeout: silenceLimitMs(heartbeatIntervalMs) - heartbeatIntervalMs,
    // Other upgrades on this port belong to other doors, and what belongs to none is refused by them.
    destroyUpgrade: false,
    // What answers an upgrade is read by no page: there only the origin counts, which is looked at below.
    cors: ({ headers }, decide) => {
      if (headers.upgrade !== undefined) return decide(null, { origin: false });
      decide(null, {
        origin: (origin, allow) => allow(null, origins.isListed(origin)),
        credentials: true,
      });
    },
    // The place for refusals that a client should get over by itself: it goes on trying, with back-off.
    allowRequest: (request, allow) => {
      const refusal = isStoreAway() ? "The store is out of reach" : origins.refusalOf(request.headers);
      if (refusal !== undefined) allow(refusal, false);
      else {
        const refused = admission.refusalOf(request);
        if (refused) allow(refused.message, false);
        else {
          admission.begin(() => {
            // The answer to the upgrade and the engine's greeting, which comes right behind it.
            if (request.headers.upgrade !== undefined) corkForThisTurn(request.socket);
            allow(undefined, true);
          });
        }
      }
    },
  });
}
