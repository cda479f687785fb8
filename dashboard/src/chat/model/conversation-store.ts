import { type Client, type Envelope, EventType, type Member, type MessageInput } from "@signalbox/client";
import { createStore, type Store } from "@signalbox/client/react";
import { isEvent } from "../../ui/is-event.ts";
import { type Entry, entryOf, gapEntry, isAfter } from "./entry.ts";
import { createOutbox, type Outgoing } from "./outgoing.ts";
import { perClient } from "./per-client.ts";
import { createStreamingResponses, type StreamingResponse } from "./streaming-responses.ts";
import { createTyping } from "./typing.ts";

export interface ConversationView {
  entries: readonly Entry[];
  streaming: readonly StreamingResponse[];
  outgoing: readonly Outgoing[];
  members: readonly Member[];
  /** User ids. */
  typing: readonly string[];
  /** Missed messages have been delivered; new ones arrive live. */
  isLive: boolean;
  /** The first page has been loaded. */
  isLoaded: boolean;
  hasEarlier: boolean;
  isLoadingEarlier: boolean;
  /** Messages that arrived while offline: id of the first one, and their number. */
  missed: { firstId: string; count: number } | null;
  /** Why access is refused: an error code, or `removed` or `forbidden` after having been removed. */
  refusal: string | null;
}

interface ConversationStore extends Store<ConversationView> {
  post(input: MessageInput): void;
  retry(id: string): void;
  discard(id: string): void;
  /** Loads the page before the first entry. */
  loadEarlier(): Promise<void>;
  /** The missed messages have been seen. */
  clearMissed(): void;
}

const pageSize = 50;
/** Bounds memory in a tab that is open all day; dropped entries are loaded again when the user scrolls up. */
const entryLimit = { max: 3_000, trimTo: 1_000 };

export const conversationStore = perClient(createConversationStore);

/** State of a conversation, followed while the store has subscribers. */
function createConversationStore(client: Client, id: string): ConversationStore {
  const conversation = client.chat.conversation(id, { recent: pageSize });
  const isMe = (userId: string | undefined) => userId !== undefined && userId === client.userId;
  let entries = new Map<string, Entry>();
  let notify: () => void = () => {};
  const changed = () => notify();
  const responses = createStreamingResponses();
  const typing = createTyping(isMe, changed);
  const outbox = createOutbox(conversation, changed);
  let missed: ConversationView["missed"] = null;
  let isLoaded = false;
  let hasEarlier = false;
  let loading: Promise<void> | undefined;
  let refusal: string | null = null;
  /** The last entry before the connection was lost. */
  let lastSeen: Entry | undefined;
  let isOffline = false;

  const last = () => [...entries.values()].findLast(({ position }) => position !== null);

  function take(event: Envelope): void {
    typing.apply(event);
    responses.apply(event);
    const entry = entryOf(event);
    if (entry) {
      outbox.arrived(entry.id);
      entries.set(entry.id, entry);
      if (entries.size > entryLimit.max) {
        entries = new Map([...entries].slice(-entryLimit.trimTo));
        hasEarlier = true;
      }
    }
    changed();
  }

  function reset(): void {
    entries.clear();
    responses.clear();
    isLoaded = false;
    missed = null;
  }

  /** Joins again when this user has been added to the conversation again. */
  function rejoinIfAdded(event: Envelope): void {
    if (refusal === null || !isEvent(event, EventType.ConversationUpdated)) return;
    if (event.data.conversation.id !== id || !event.data.conversation.members.some(isMe)) return;
    reset();
    conversation.rejoin();
  }

  function onStatus(): void {
    if (isOffline || conversation.isLive) return;
    isOffline = true;
    lastSeen = last();
    changed();
  }

  function onJoined(): void {
    refusal = null;
    if (!isLoaded) hasEarlier = (last()?.position?.offset ?? 0) > entries.size;
    isLoaded = true;
    if (isOffline && lastSeen) {
      const { position } = lastSeen;
      const arrived = [...entries.values()].filter(
        (entry) => isAfter(entry.position, position) && !isMe(entry.sender?.userId),
      );
      const [first] = arrived;
      if (first) missed = { firstId: missed?.firstId ?? first.id, count: (missed?.count ?? 0) + arrived.length };
    }
    isOffline = false;
    changed();
  }

  async function readEarlier(): Promise<void> {
    const first = [...entries.values()].find(({ position }) => position !== null);
    const before = first?.position ?? undefined;
    try {
      const { events, hasMore } = await conversation.history({ limit: pageSize * 2, ...(before && { before }) });
      const found = events.map(entryOf).filter((entry) => entry !== undefined);
      entries = new Map([...found.map((entry) => [entry.id, entry] as const), ...entries]);
      hasEarlier = hasMore;
    } catch {
      // Either the log no longer exists, or the server cannot be reached and can be asked again later.
      hasEarlier = client.state !== "active";
    }
    loading = undefined;
    changed();
  }

  const store = createStore<ConversationView>({
    read: () => ({
      entries: [...entries.values()],
      streaming: responses.all,
      outgoing: outbox.all,
      members: conversation.members,
      typing: typing.all,
      isLive: conversation.isLive,
      isLoaded,
      hasEarlier,
      isLoadingEarlier: loading !== undefined,
      missed,
      refusal,
    }),
    watch(onChange) {
      notify = onChange;
      // Without subscribers nothing was received, so start again with the latest messages.
      if (!conversation.isLive) reset();
      const cancels = [
        conversation.on("*", take),
        conversation.on("gap", ({ reason }) => {
          responses.clear();
          if (entries.size > 0) {
            const gap = gapEntry(reason, Date.now());
            entries.set(gap.id, gap);
          }
          lastSeen = undefined;
          changed();
        }),
        conversation.on("joined", onJoined),
        conversation.on("members", changed),
        conversation.on("refused", ({ code }) => {
          refusal = code;
          changed();
        }),
        conversation.on("left", ({ reason }) => {
          refusal = reason;
          changed();
        }),
        client.on("status", onStatus),
        client.on("message", rejoinIfAdded),
      ];
      return () => {
        notify = () => {};
        typing.clear();
        for (const cancel of cancels) cancel();
      };
    },
  });

  return {
    ...store,
    post: outbox.post,
    retry: outbox.retry,
    discard: outbox.discard,
    loadEarlier() {
      loading ??= readEarlier();
      changed();
      return loading;
    },
    clearMissed() {
      missed = null;
      changed();
    },
  };
}
