import type { ConversationId } from "../../shared/ids.ts";
import { createAccess } from "../access/access.ts";
import { AbandonedResponses } from "../conversations/abandoned-responses.ts";
import { Conversations } from "../conversations/conversations.ts";
import { DispatchResponses } from "../conversations/dispatch-responses.ts";
import { ReadPositions } from "../conversations/read-positions.ts";
import { ResponseRecords } from "../conversations/response-records.ts";
import { ResponseRenewal } from "../conversations/response-renewal.ts";
import { ResponseStreams } from "../conversations/response-streams.ts";
import { UserResponses } from "../conversations/user-responses.ts";
import type { Broadcast } from "../deliver/broadcast.ts";
import { createPublishVerdict } from "../dispatch/agents/publish-verdict.ts";
import { createDispatchSpans } from "../dispatch/dispatch-spans.ts";
import { openDispatch } from "../dispatch/open-dispatch.ts";
import { Hlink } from "../publications/hlink.ts";
import { Publications } from "../publications/publications.ts";
import { createPublisher } from "../publish/publisher.ts";
import { PresenceTracker } from "../rooms/presence-tracker.ts";
import { Checkpoints } from "../tasks/checkpoints.ts";
import { Streams } from "../tasks/streams.ts";
import { Tasks } from "../tasks/tasks.ts";
import { TransactionBatcher } from "../tasks/transaction-batcher.ts";
import type { Foundation } from "./foundation.ts";
import type { Store } from "./open-store.ts";

interface DomainDeps extends Foundation {
  store: Omit<Store, "close">;
  broadcast: Broadcast;
}

export type Domain = ReturnType<typeof openDomain>;

/** Opens the publisher, and conversations, responses, tasks, streams, agents and dispatches. */
export function openDomain({ config, store, broadcast, clock, instanceId, closers, spans, failed }: DomainDeps) {
  const { log, documents, transactions, leases, presence, registry, uiEvents, time, redis } = store;
  const rememberedMs = config.LOG_TTL_SECONDS * 1000;
  const publisher = createPublisher({ log, broadcast, clock });

  // Chat
  const conversations = new Conversations({ documents, clock, time, isSingleInstance: redis === undefined, failed });
  const access = createAccess({ conversations });
  const readPositions = new ReadPositions({ documents, log });
  const responseDeps = {
    records: new ResponseRecords({ documents, ttlMs: rememberedMs }),
    streams: new ResponseStreams({ log, publisher, failed }),
    log,
    leases,
    broadcast,
    publisher,
    leaseMs: config.RESPONSE_LEASE_MS,
    bumpActivity: (conversationId: ConversationId) => conversations.bumpActivity(conversationId),
    failed,
  };
  closers.add("streamed responses", () => responseDeps.streams.flush());
  const renewal = new ResponseRenewal(responseDeps);
  closers.add("leases of responses", () => renewal.close());
  const responses = new UserResponses({ ...responseDeps, renewal });
  const abandonedResponses = new AbandonedResponses({
    ...responseDeps,
    connectionsOf: (userId) => registry.connectionsOf(userId),
  });
  const hlink = new Hlink({ access, publisher, uiEvents, clock });
  const publications = new Publications({ access, conversations, responses, hlink, publisher });
  const presenceTracker = new PresenceTracker({ presence, publisher, graceMs: config.PRESENCE_GRACE_MS, failed });
  closers.add("presenceTracker", () => presenceTracker.close());

  // Tasks
  const taskDeps = { documents, clock, batcher: new TransactionBatcher({ documents, transactions, clock, time }) };
  const [tasks, streams, checkpoints] = [new Tasks(taskDeps), new Streams(taskDeps), new Checkpoints(taskDeps)];

  // Agents
  const dispatchResponses = new DispatchResponses(responseDeps);
  const dispatch = openDispatch({
    documents,
    transactions,
    leases,
    log,
    responses: dispatchResponses,
    abandonedResponses,
    tasks: {
      assertExists: async (taskId) => void (await tasks.get(taskId)),
      follow: async (taskId, task) => void (await tasks.follow(taskId, task)),
    },
    broadcast,
    clock,
    time,
    instanceId,
    leaseMs: config.AGENT_LEASE_MS,
    heartbeatIntervalMs: config.AGENT_HEARTBEAT_INTERVAL_MS,
    stallMs: config.AGENT_STALL_SECONDS * 1000,
    rememberedMs,
    onVerdict: createPublishVerdict({ publisher, failed }),
    ...(spans && { onStep: createDispatchSpans(spans), trace: () => spans.current() }),
    failed,
  });
  closers.add("lease sweeper", () => dispatch.leaseSweeper.close());

  return {
    publisher,
    conversations,
    access,
    readPositions,
    responses,
    abandonedResponses,
    hlink,
    publications,
    presenceTracker,
    tasks,
    streams,
    checkpoints,
    dispatch,
  };
}
