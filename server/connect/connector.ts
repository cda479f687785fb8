import { randomUUID } from "node:crypto";
import type { ConnectionId, InstanceId } from "../../shared/ids.ts";
import type { ConnectionLimits } from "../../shared/limits.ts";
import type { Namespace } from "../../shared/namespace.ts";
import { protocolVersion } from "../../shared/protocol.ts";
import { Rejection } from "../../shared/rejection.ts";
import { broadcastRoom, userRoom } from "../../shared/room.ts";
import type { SystemMessageData } from "../../shared/system-message.ts";
import type { TokenVerifier } from "../access/token-verifier.ts";
import type { Logger } from "../observe/logger.ts";
import type { Rooms } from "../rooms/rooms.ts";
import { type Clock, timestampAt, timestampOf } from "../runtime/clock.ts";
import { hasRole, mayEnter, type Principal } from "../session/principal.ts";
import { Session, type SessionOptions, type SessionWatcher, type Transport } from "../session/session.ts";
import type { Sessions } from "../session/sessions.ts";
import { type Rate, TokenBucket } from "../session/token-bucket.ts";
import type { Drain } from "./drain.ts";

interface ConnectorDeps {
  verifier: TokenVerifier;
  sessions: Sessions;
  rooms: Rooms;
  drain: Drain;
  clock: Clock;
  logger: Logger;
  instanceId: InstanceId;
  limits: ConnectionLimits;
  heartbeatIntervalMs: number;
  /** Whether the token was revoked within the last minute. */
  isJustRevoked(principal: Principal): boolean;
  /** Called for each connection that becomes active. */
  opened(session: Session): void;
  /** Counts the connection for its user. Rejects with `limit_exceeded` if the user has too many. */
  admit(session: Session): Promise<void>;
}

/** A request to connect, from any door. */
interface Request {
  /** The token as the client sent it, not verified. */
  token: unknown;
  /** The namespace, or the path of a plain WebSocket door. */
  door: SystemMessageData<"system.connection.established">["namespace"];
  /** The namespaces whose commands the door accepts. */
  namespaces: readonly Namespace[];
  /** Whether the client joins its user's room and `broadcast`. */
  autoJoin: boolean;
}

/** An accepted connection that is not active yet. Call either `activate` or `abandon`, once. */
export interface OpenedConnection {
  session: Session;
  /** Makes the connection live and sends `system.connection.established`. Synchronous, so that no event is sent before. */
  activate(transport: Transport): void;
  /** Ends the session of a client that has disconnected in the meantime. */
  abandon(): Promise<void>;
}

/** Agents and backends send on behalf of many users, so their rate limit is this many times higher. */
const programFactor = 20;

/** Authenticates connections and creates their sessions, for every door. */
export class Connector {
  readonly #deps: ConnectorDeps;
  readonly #watcher: SessionWatcher;
  readonly #rate: Rate;
  readonly #programRate: Rate;

  constructor(deps: ConnectorDeps) {
    this.#deps = deps;
    const { logger, limits } = deps;
    const rateOf = (factor: number) => ({
      perSecond: limits.commandsPerSecond * factor,
      burst: limits.commandsBurst * factor,
    });
    this.#rate = rateOf(1);
    this.#programRate = rateOf(programFactor);
    this.#watcher = {
      failed: ({ connectionId }, error) => logger.warn("end of a connection", { connectionId, error }),
      impossibleTransition: ({ connectionId }, from, to) =>
        logger.warn("impossible transition refused", { connectionId, from, to }),
    };
  }

  /** Rejects with `unavailable` while draining, else with `unauthenticated`, `token_expired` or `forbidden`. */
  async open({ token, door, namespaces, autoJoin }: Request): Promise<OpenedConnection> {
    const { drain, sessions, rooms, logger, admit } = this.#deps;
    if (drain.started) throw new Rejection("unavailable", "This instance is stopping. Connect again.");
    const principal = await this.authenticate(token);
    const may = (namespace: Namespace) => mayEnter(principal, namespace);
    // Usually all are allowed: then the door's own array is used, which all sessions share.
    const entered = namespaces.every(may) ? namespaces : namespaces.filter(may);
    if (entered.length === 0) throw new Rejection("forbidden", `${door} is not for the roles of this token.`);

    const session = this.#newSession({ principal, door, namespaces: entered, offeredNamespaces: namespaces });
    const goLive: (() => void)[] = [];
    try {
      await admit(session);
      const own = autoJoin && entered.includes("/chat") ? [userRoom(principal.userId), broadcastRoom] : [];
      for (const room of own) goLive.push(await rooms.joinFromNow(session, room));
    } catch (error) {
      await session.closed("refused");
      throw error;
    }
    return {
      session,
      activate: (transport) => {
        session.activate(transport);
        sessions.add(session);
        // Checked first, since a log call costs as much as a frame even if its level is off.
        if (logger.isInfoEnabled()) this.#logLife(session);
        this.#deps.opened(session);
        session.send("system.connection.established", this.#established(session, door));
        for (const live of goLive) live();
        // A drain that began after the check above does not have this session in its list.
        if (drain.started) drain.shutDown(session);
        // The token may have been revoked after it was verified.
        if (this.#deps.isJustRevoked(principal)) session.close("revoked");
      },
      abandon: () => session.closed("client"),
    };
  }

  /** Rejects with `unauthenticated` or `token_expired`. */
  async authenticate(token: unknown): Promise<Principal> {
    if (typeof token !== "string" || token === "") {
      throw new Rejection(
        "unauthenticated",
        "A token is needed: auth.token of Socket.IO, or the header Authorization: Bearer.",
      );
    }
    return this.#deps.verifier.verify(token);
  }

  /** Rejects with `unauthenticated` if the token was revoked while the request waited for its reply. */
  assertStillGood(principal: Principal): void {
    if (this.#deps.isJustRevoked(principal)) throw new Rejection("unauthenticated", "The token was revoked.");
  }

  createSession(
    principal: Principal,
    door: string,
    namespaces: readonly Namespace[],
    commands: Rate | TokenBucket = this.#rateFor(principal),
  ): Session {
    return this.#newSession({ principal, door, namespaces, commands });
  }

  createCommandBucket(principal: Principal): TokenBucket {
    return new TokenBucket(this.#rateFor(principal), this.#deps.clock);
  }

  #newSession(
    of: Pick<SessionOptions, "principal" | "door" | "namespaces" | "offeredNamespaces"> & Partial<SessionOptions>,
  ) {
    const connectionId = randomUUID() as ConnectionId;
    const commands = this.#rateFor(of.principal);
    return new Session({ connectionId, commands, clock: this.#deps.clock, watcher: this.#watcher, ...of });
  }

  #rateFor(principal: Principal): Rate {
    return hasRole(principal, "agent", "service") ? this.#programRate : this.#rate;
  }

  #logLife(session: Session): void {
    const { logger } = this.#deps;
    const { connectionId, door, principal } = session;
    const { userId } = principal;
    logger.info("connected", { connectionId, userId, door });
    session.onClose(() => {
      const seconds = Math.round(session.ageMs / 1000);
      logger.info("disconnected", { connectionId, userId, door, reason: session.endedBy, seconds });
    });
  }

  #established(session: Session, door: Request["door"]): SystemMessageData<"system.connection.established"> {
    const { instanceId, clock, heartbeatIntervalMs, limits } = this.#deps;
    const { connectionId, principal } = session;
    return {
      connectionId,
      userId: principal.userId,
      roles: [...principal.roles],
      namespace: door,
      instanceId,
      protocolVersion,
      serverTime: timestampOf(clock),
      tokenExpiresAt: timestampAt(principal.expiresAt),
      heartbeatIntervalMs,
      limits,
    };
  }
}
