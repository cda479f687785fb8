import { randomUUID } from "node:crypto";
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import type { AddressInfo, ListenOptions } from "node:net";
import { setupWorker } from "@socket.io/sticky";
import type { Envelope } from "../shared/envelope.ts";
import type { InstanceId, MessageId, ResponseId } from "../shared/ids.ts";
import type { ConnectionLimits } from "../shared/limits.ts";
import { createAccess } from "./access/access.ts";
import { createTellVerdict } from "./agents/tell-verdict.ts";
import { type Clock, systemClock } from "./clock.ts";
import { Closers } from "./closers.ts";
import { type Config, hostOf } from "./config.ts";
import { Admission } from "./connect/admission.ts";
import { Connector } from "./connect/connector.ts";
import { Drain } from "./connect/drain.ts";
import { Keepalive } from "./connect/keepalive.ts";
import type { OriginPolicy } from "./connect/origin.ts";
import { AgentAnswers } from "./conversations/agent-answers.ts";
import { ConversationList } from "./conversations/conversation-list.ts";
import { Conversations } from "./conversations/conversations.ts";
import { ReadPositions } from "./conversations/read-positions.ts";
import { Responses } from "./conversations/responses.ts";
import { Audiences } from "./deliver/audiences.ts";
import { Feeds, type FeedsOptions } from "./deliver/feeds.ts";
import type { LogFeedDeps } from "./deliver/log-feed.ts";
import { createMemoryBroadcast } from "./deliver/memory-broadcast.ts";
import { Rounds } from "./deliver/outbox.ts";
import type { Outlet } from "./deliver/outlet.ts";
import { toDispatch } from "./dispatch/dispatch-record.ts";
import { openDispatch } from "./dispatch/open-dispatch.ts";
import { createEventStreamDoor } from "./doors/event-stream/event-stream-door.ts";
import { checkWebSocket } from "./doors/plain-websocket/check-web-socket.ts";
import { createPlainWebSocketDoor } from "./doors/plain-websocket/plain-websocket-door.ts";
import { createAdapterBroadcast } from "./doors/socket-io/adapter-broadcast.ts";
import { checkEngine } from "./doors/socket-io/check-engine.ts";
import { createSocketIoDoor } from "./doors/socket-io/socket-io-door.ts";
import { createSocketIoServer } from "./doors/socket-io/socket-io-server.ts";
import { Turns } from "./doors/wire/intake.ts";
import { createAdminHandlers } from "./handle/admin/announce.ts";
import { createAgentHandlers } from "./handle/agents/agent-handlers.ts";
import { createChatHandlers } from "./handle/chat/chat-handlers.ts";
import { createDispatchHandlers } from "./handle/http/dispatch-handlers.ts";
import { createHttpHandlers } from "./handle/http/http-handlers.ts";
import { createTaskHandlers } from "./handle/http/task-handlers.ts";
import { createSubscriptionHandlers } from "./handle/monitoring/subscription-handlers.ts";
import { createRevoke } from "./handle/revocation-handlers.ts";
import { createSessionHandlers } from "./handle/session-handlers.ts";
import { createHealthUpdates } from "./health/health-updates.ts";
import { createMemoryLatestUpdates } from "./health/memory-latest-updates.ts";
import { Hlink } from "./hlink/hlink.ts";
import { createApp } from "./http/create-app.ts";
import { Ingest } from "./ingest/ingest.ts";
import type { Logger } from "./observe/logger.ts";
import { openIdentity } from "./open-identity.ts";
import { openStore, type Store } from "./open-store.ts";
import { LongPolls } from "./polling/long-polls.ts";
import { Waiters } from "./polling/waiters.ts";
import { Attendance } from "./presence/attendance.ts";
import { Publications } from "./publications/publications.ts";
import { createPublisher, type Publisher } from "./publish/publisher.ts";
import { createSocketIoAdapter } from "./redis/socket-io-adapter.ts";
import { Reporter } from "./registry/reporter.ts";
import { createCatchUp } from "./resume/catch-up.ts";
import { createFilteredCatchUp } from "./resume/filtered-catch-up.ts";
import { shareReads } from "./resume/share-reads.ts";
import { receiveBroadcasts } from "./rooms/receive-broadcasts.ts";
import { Rooms } from "./rooms/rooms.ts";
import { Rosters } from "./rooms/roster.ts";
import { authentication, commandLogging, rateLimit } from "./route/middleware.ts";
import { Router } from "./route/router.ts";
import { Sessions } from "./session/sessions.ts";
import { JoinedAudiences } from "./subscriptions/joined-audiences.ts";
import { Subscriptions } from "./subscriptions/subscriptions.ts";
import { Checkpoints } from "./tasks/checkpoints.ts";
import { Ledger } from "./tasks/ledger.ts";
import { Streams } from "./tasks/streams.ts";
import { Tasks } from "./tasks/tasks.ts";

/** The settings; a start outside production makes a secret up, where nobody else is trusted. */
export type ServerConfig = Config;

/** Parts that an embedder or a test brings along. */
export interface Overrides extends Partial<Omit<Store, "close">> {
  clock?: Clock;
  /** `true`: connections come from the primary process, and not from a port. */
  isWorker?: boolean;
  feeds?: Partial<FeedsOptions>;
  /** Another implementation of WebSockets for Engine.IO: a class like the server of `ws`. */
  wsEngine?: unknown;
}

export interface SignalboxServer {
  /** Where it can be reached, with the port that it really has. */
  url: string;
  port: number;
  instanceId: InstanceId;
  /** For programs that run the server within themselves: the way into every room. */
  publisher: Publisher;
  /** The ready state is off, nobody is let in, and the connections are let go of over `DRAIN_MS`, or the given window. */
  drain(windowMs?: number): Promise<void>;
  /** Closes at once. What was accepted is kept as well as the store keeps it. */
  close(): Promise<void>;
}

/** Every instance waits for this many half-open connections: after a restart everybody comes at once. */
export const listenBacklog = 4_096;

/** How long a request may take to arrive, headers and body: whoever sends a byte now and then holds a socket open. */
const slowSenders = { headersTimeout: 15_000, requestTimeout: 60_000, connectionsCheckingInterval: 5_000 };

/** Builds everything, and listens. The only place that chooses which twin of a port is used. */
export async function createServer(
  config: ServerConfig,
  logger: Logger,
  overrides: Overrides = {},
): Promise<SignalboxServer> {
  const closers = new Closers();
  try {
    return await build(config, logger, overrides, closers);
  } catch (error) {
    await closers.close();
    throw error;
  }
}

async function build(
  config: ServerConfig,
  logger: Logger,
  overrides: Overrides,
  closers: Closers,
): Promise<SignalboxServer> {
  const instanceId = randomUUID() as InstanceId;
  const clock = overrides.clock ?? systemClock;
  const failed = (error: unknown) => logger.warn("will be tried again", { error });

  // Ports. Whoever brings one closes it
  const openOwnStore = async () => {
    const store = await openStore(config, clock, logger, instanceId);
    closers.add("store", () => store.close());
    return store;
  };
  const { log, documents, transactions, leases, presence, registry, latest, uiEvents, ingest, redis } = isStore(
    overrides,
  )
    ? overrides
    : { ...(await openOwnStore()), ...overrides };

  // The Socket.IO server comes before its door: instances talk over its adapter
  const drain = new Drain();
  const heartbeatIntervalMs = config.HEARTBEAT_INTERVAL_MS;
  const origins: OriginPolicy = { allowed: config.CORS_ORIGINS, allowLocalhost: config.NODE_ENV !== "production" };
  const { SOCKET_PATH: path, SOCKET_TRANSPORTS: transports } = config;
  const admission = new Admission({
    connectionsPerIp: config.LIMIT_CONNECTIONS_PER_IP,
    newPerSecond: config.LIMIT_NEW_CONNECTIONS_PER_SECOND,
    trustProxy: config.TRUST_PROXY,
    clock,
  });
  const io = createSocketIoServer({
    path,
    transports,
    drain,
    admission,
    isStoreAway: () => redis?.isAway ?? false,
    origins,
    heartbeatIntervalMs,
  });
  if (redis) io.adapter(createSocketIoAdapter(redis, config.REDIS_PREFIX));
  const local = createMemoryBroadcast();
  const health = createHealthUpdates({
    broadcast: redis ? createAdapterBroadcast(io, local) : local,
    latest,
    heard: createMemoryLatestUpdates({ clock }),
    failed,
  });
  closers.add("health updates", () => health.close());
  const { broadcast } = health;

  // Deliver: what the log announces, to every door
  const outlets: Outlet[] = [];
  const audiences = new Audiences();
  const deliver = (event: Envelope) => {
    const receivers = audiences.of(event);
    for (const outlet of outlets) outlet.deliver(event, receivers);
  };
  const reset: LogFeedDeps["reset"] = (name, position, reason) => {
    rooms.reset(name, position, reason);
    subscriptions.reset(name, position, reason);
  };
  const feeds = new Feeds({ log, deliver, failed, reset }, overrides.feeds);
  closers.add("feeds", () => feeds.close());

  // Publish, and the domain
  const publisher = createPublisher({ log, broadcast, clock });
  const conversations = new Conversations({ documents, clock });
  const access = createAccess({ conversations });
  const readPositions = new ReadPositions({ documents, log });
  const responses = new Responses({ documents, log, publisher, ttlMs: config.LOG_TTL_SECONDS * 1000, failed });
  closers.add("streamed responses", () => responses.flush());
  const hlink = new Hlink({ access, publisher, uiEvents, clock });
  const publications = new Publications({ access, conversations, responses, hlink, publisher, failed });
  const attendance = new Attendance({ presence, publisher, graceMs: config.PRESENCE_GRACE_MS, failed });
  closers.add("attendance", () => attendance.close());
  const taskDeps = { documents, clock, ledger: new Ledger({ documents, transactions, clock }) };
  const tasks = new Tasks(taskDeps);
  const rememberedMs = config.LOG_TTL_SECONDS * 1000;
  const answers = new AgentAnswers({
    documents,
    log,
    publisher,
    ttlMs: rememberedMs,
    touch: (conversationId) => conversations.touch(conversationId),
    failed,
  });
  closers.add("answers of agents", () => answers.flush());
  const {
    registration,
    desk,
    dispatching,
    directory,
    waiters: dispatchWaiters,
    rounds: dispatchRounds,
  } = openDispatch({
    documents,
    transactions,
    leases,
    log,
    answers,
    tasks: {
      assertExists: async (taskId) => void (await tasks.get(taskId)),
      follow: async (taskId, task) => void (await tasks.follow(taskId, task)),
    },
    broadcast,
    clock,
    instanceId,
    leaseMs: config.AGENT_LEASE_MS,
    heartbeatIntervalMs: config.AGENT_HEARTBEAT_INTERVAL_MS,
    stallMs: config.AGENT_STALL_SECONDS * 1000,
    rememberedMs,
    judged: createTellVerdict({ publisher, failed }),
    failed,
  });
  closers.add("rounds of dispatch", () => dispatchRounds.close());

  // Resume
  const sessions = new Sessions();
  const rosters = new Rosters();
  const catchUp = createCatchUp({
    log: shareReads(log),
    finishedResponses: (room, ids) => responses.finished(room, ids),
  });
  const rooms = new Rooms({
    feeds,
    catchUp,
    attendance,
    rosters,
    failed,
    roomsPerConnection: config.LIMIT_ROOMS_PER_CONNECTION,
  });
  const filteredCatchUp = createFilteredCatchUp({ log });
  const subscriptions = new Subscriptions({
    access,
    feeds,
    catchUp: filteredCatchUp,
    joined: new JoinedAudiences({ audiences }),
    health,
    subscriptionsPerConnection: config.LIMIT_SUBSCRIPTIONS_PER_CONNECTION,
  });
  const waiters = new Waiters({ audiences });
  drain.onStart(() => waiters.endAll());
  const longPolls = new LongPolls({
    access,
    feeds,
    catchUp,
    filteredCatchUp,
    health,
    waiters,
    clock,
    waitingPerUser: config.LIMIT_CONNECTIONS_PER_USER,
  });
  receiveBroadcasts({ access, broadcast, conversations, rooms, rosters, sessions, deliver, failed });

  // Not only here: it may be this instance that could not be heard.
  redis?.onRestored(() => broadcast.send({ kind: "recheck" }));

  // Route and handle
  const identity = openIdentity(config, { documents, broadcast, sessions, clock, logger, failed });
  const { verifier, logins, revoked, backChannelLogout } = identity;
  closers.add("revocations", () => revoked.close());
  const limits = limitsOf(config);
  const router = new Router({
    middleware: [authentication({ clock }), rateLimit(), commandLogging({ logger })],
    messageBytes: limits.messageBytes,
    jsonDepth: limits.jsonDepth,
    logger,
  });
  const sessionHandlers = createSessionHandlers({ verifier, access, rooms, subscriptions });
  const conversationList = new ConversationList({ conversations, readPositions, catchUp });
  const chat = {
    access,
    conversations,
    conversationList,
    responses,
    readPositions,
    publisher,
    broadcast,
    rooms,
    catchUp,
    cancelDispatch: async (id: ResponseId, reason: string) =>
      void (await dispatching.cancel(id as string as MessageId, reason)),
    hlink,
    failed,
  };
  router.registerAll("/chat", { ...sessionHandlers, ...createChatHandlers(chat) });
  router.registerAll("/monitoring", { ...sessionHandlers, ...createSubscriptionHandlers({ subscriptions }) });
  router.registerAll("/agents", { ...sessionHandlers, ...createAgentHandlers({ registration, desk, publisher }) });
  router.registerAll("http", createHttpHandlers({ publisher, publications, longPolls }));
  const [streams, checkpoints] = [new Streams(taskDeps), new Checkpoints(taskDeps)];
  router.registerAll("http", createTaskHandlers({ tasks, streams, checkpoints }));
  const revoke = createRevoke({
    revocations: identity.revocations,
    audit: (what, details) => logger.info(what, { audit: true, ...details }),
  });
  router.register("http", "revoke", revoke);
  router.register("/admin", "admin.revoke", revoke);
  router.registerAll("http", createDispatchHandlers({ access, dispatching, directory, toDispatch }));
  router.registerAll("/admin", { ...sessionHandlers, ...createAdminHandlers({ publisher }) });

  // Connect
  const connector = new Connector({
    verifier,
    sessions,
    rooms,
    drain,
    clock,
    logger,
    instanceId,
    limits,
    heartbeatIntervalMs,
    isJustRevoked: (principal) => revoked.isJustRevoked(principal),
    connectionsPerUser: config.LIMIT_CONNECTIONS_PER_USER,
  });
  const keepalive = new Keepalive({
    sessions,
    clock,
    heartbeatIntervalMs,
    backlogBytes: config.LIMIT_BACKLOG_BYTES,
    backlogMs: config.LIMIT_BACKLOG_MS,
  });
  closers.add("keepalive", () => keepalive.close());

  closers.add("connections", () => sessions.ended());
  const reporter = new Reporter({ registry, sessions, failed });
  closers.add("registry", () => reporter.close());

  // Doors
  if (ingest) {
    const reading = new Ingest({ stream: ingest, publications, limits, logger });
    closers.add("ingest", () => reading.close());
    drain.onStart(() => void reading.close());
  }
  const backlogBytes = config.LIMIT_BACKLOG_BYTES;
  const eventStreams = createEventStreamDoor({ connector, admission, router, clock, backlogBytes });
  const app = createApp({
    connector,
    drain,
    router,
    log,
    eventStreams,
    reporter,
    isReady: () => redis?.isReady ?? true,
    origins,
    logger,
    trustProxy: config.TRUST_PROXY,
    bodyBytes: limits.messageBytes,
    jsonDepth: limits.jsonDepth,
    logins,
    secureCookie: config.NODE_ENV === "production",
    backChannelLogout,
    pagesEnabled: config.DASHBOARD_ENABLED,
  });
  // Longer than any load balancer keeps a connection open, so that it is never we who close one it is about to use.
  const httpServer = createHttpServer({ keepAliveTimeout: 95_000, ...slowSenders }, app);
  const [engineIsKnown, webSocketIsKnown] = await Promise.all([checkEngine(overrides.wsEngine), checkWebSocket()]);
  for (const [library, isKnown] of Object.entries({ "engine.io": engineIsKnown, ws: webSocketIsKnown })) {
    if (!isKnown) logger.warn("not made as expected: messages go out one by one, by its public methods", { library });
  }
  const rounds = new Rounds({ coalesceMs: config.FANOUT_COALESCE_MS });
  const written = { rounds, turns: new Turns(), backlogBytes };
  const door = { httpServer, connector, router, drain, admission, origins, clock, logger, ...written };
  const socketIo = createSocketIoDoor({ ...door, io, direct: engineIsKnown, adminEnabled: config.ADMIN_ENABLED });
  closers.add("Socket.IO", () => socketIo.close());
  const plainWebSocket = createPlainWebSocketDoor({
    ...door,
    direct: webSocketIsKnown,
    socketIoPath: config.SOCKET_TRANSPORTS.includes("websocket") ? config.SOCKET_PATH : undefined,
    enabled: config.WEBSOCKET_ENABLED,
    messageBytes: limits.messageBytes,
  });
  closers.add("plain WebSocket", () => plainWebSocket.close());
  closers.add("event streams", () => eventStreams.close());
  outlets.push(socketIo, plainWebSocket, eventStreams, waiters);
  // What is under way may still answer before its connection is closed.
  closers.add("commands under way", () => router.idle());
  closers.add("those who wait for a dispatch", () => dispatchWaiters.close());
  closers.add("long polls", () => waiters.endAll());

  const host = hostOf(config);
  if (overrides.isWorker) setupWorker(io);
  else await listen(httpServer, { port: config.PORT, host, backlog: listenBacklog });
  const port = overrides.isWorker ? config.PORT : (httpServer.address() as AddressInfo).port;
  return {
    url: urlOf(host, port),
    port,
    instanceId,
    publisher,
    drain: (windowMs = config.DRAIN_MS) => {
      dispatchWaiters.close();
      return drain.start({ sessions, windowMs });
    },
    close: () => closers.close(),
  };
}

async function listen(httpServer: HttpServer, options: ListenOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    httpServer.once("error", reject);
    httpServer.listen(options, resolve);
  });
}

/** Where a person on this machine reaches the server. */
export function urlOf(host: string, port: number): string {
  return `http://${host === "0.0.0.0" || host === "127.0.0.1" ? "localhost" : host}:${port}`;
}

function isStore(overrides: Overrides): overrides is Overrides & Omit<Store, "close"> {
  const { log, documents, transactions, leases, presence, registry, latest, uiEvents } = overrides;
  return Boolean(log && documents && transactions && leases && presence && registry && latest && uiEvents);
}

function limitsOf(config: Config): ConnectionLimits {
  return {
    messageBytes: config.LIMIT_MESSAGE_BYTES,
    roomsPerConnection: config.LIMIT_ROOMS_PER_CONNECTION,
    subscriptionsPerConnection: config.LIMIT_SUBSCRIPTIONS_PER_CONNECTION,
    commandsPerSecond: config.LIMIT_COMMANDS_PER_SECOND,
    commandsBurst: config.LIMIT_COMMANDS_BURST,
    jsonDepth: config.LIMIT_JSON_DEPTH,
  };
}
