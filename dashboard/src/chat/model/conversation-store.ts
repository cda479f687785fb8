import { type Client, type Envelope, EventType, type Member, type MessageInput } from "@signalbox/client";
import { createStore, type Store } from "@signalbox/client/react";
import { isEvent } from "../../ui/is-event.ts";
import { type Entry, entryOf, gapEntry, isAfter } from "./entry.ts";
import { createOutbox, type Outgoing } from "./outgoing.ts";
import { perClient } from "./per-client.ts";
import { type Answer, createStreamingResponses } from "./streaming-responses.ts";
import { createTyping } from "./typing.ts";

export interface ConversationView {
  entries: readonly Entry[];
  writing: readonly Answer[];
  outgoing: readonly Outgoing[];
  members: readonly Member[];
  /** User ids. */
  typing: readonly string[];
  /** Everything up to now was told. */
  isLive: boolean;
  /** It was told once; before that there is nothing to be shown. */
  isLoaded: boolean;
  hasEarlier: boolean;
  isLoadingEarlier: boolean;
  /** What came while there was no connection: the id of the first entry, and how many there are. */
  missed: { firstId: string; count: number } | null;
  /** Why it cannot be entered; `removed` where we were put out. */
  refusal: string | null;
}

export interface ConversationStore extends Store<ConversationView> {
  post(input: MessageInput): void;
  retry(id: string): void;
  discard(id: string): void;
  /** The page before the first entry. */
  loadEarlier(): Promise<void>;
  /** They were seen. */
  forgetMissed(): void;
}

const pageSize = 50;
/** A page that is open all day keeps so many at the most, and reads the others again when somebody scrolls up. */
const keptEntries = { most: 3_000, least: 1_000 };

export const conversationStore = perClient(createConversationStore);

/** Everything that is shown of a conversation, for as long as somebody looks. */
function createConversationStore(client: Client, id: string): ConversationStore {
  const conversation = client.chat.conversation(id, { recent: pageSize });
  const isMe = (userId: string | undefined) => userId !== undefined && userId === client.userId;
  let entries = new Map<string, Entry>();
  let told: () => void = () => {};
  const changed = () => told();
  const answers = createStreamingResponses();
  const typing = createTyping(isMe, changed);
  const outbox = createOutbox(conversation, changed);
  let missed: ConversationView["missed"] = null;
  let isLoaded = false;
  let hasEarlier = false;
  let loading: Promise<void> | undefined;
  let refusal: string | null = null;
  /** The last entry before the connection was lost. */
  let lastSeen: Entry | undefined;
  let isAway = false;

  const last = () => [...entries.values()].findLast(({ position }) => position !== null);

  function take(event: Envelope): void {
    typing.take(event);
    answers.take(event);
    const entry = entryOf(event);
    if (entry) {
      outbox.arrived(entry.id);
      entries.set(entry.id, entry);
      if (entries.size > keptEntries.most) {
        entries = new Map([...entries].slice(-keptEntries.least));
        hasEarlier = true;
      }
    }
    changed();
  }

  function beginAnew(): void {
    entries.clear();
    answers.clear();
    isLoaded = false;
    missed = null;
  }

  /** Whoever was put out has been taken in again, perhaps. */
  function takeIn(event: Envelope): void {
    if (refusal === null || !isEvent(event, EventType.ConversationUpdated)) return;
    if (event.data.conversation.id !== id || !event.data.conversation.members.some(isMe)) return;
    beginAnew();
    conversation.rejoin();
  }

  function left(): void {
    if (isAway || conversation.isLive) return;
    isAway = true;
    lastSeen = last();
    changed();
  }

  function joined(): void {
    refusal = null;
    if (!isLoaded) hasEarlier = (last()?.position?.offset ?? 0) > entries.size;
    isLoaded = true;
    if (isAway && lastSeen) {
      const { position } = lastSeen;
      const news = [...entries.values()].filter(
        (entry) => isAfter(entry.position, position) && !isMe(entry.sender?.userId),
      );
      const [first] = news;
      if (first) missed = { firstId: missed?.firstId ?? first.id, count: (missed?.count ?? 0) + news.length };
    }
    isAway = false;
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
      // Of a log that is no more, or of a server that is away: the first is over, and the second comes back.
      hasEarlier = client.state !== "active";
    }
    loading = undefined;
    changed();
  }

  const store = createStore<ConversationView>({
    read: () => ({
      entries: [...entries.values()],
      writing: answers.writing,
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
    watch(tell) {
      told = tell;
      // Nobody has looked for a while: what came meanwhile is not known, so it begins with the latest.
      if (!conversation.isLive) beginAnew();
      const cancels = [
        conversation.on("*", take),
        conversation.on("gap", ({ reason }) => {
          answers.clear();
          if (entries.size > 0) {
            const gap = gapEntry(reason, Date.now());
            entries.set(gap.id, gap);
          }
          lastSeen = undefined;
          changed();
        }),
        conversation.on("joined", joined),
        conversation.on("members", changed),
        conversation.on("refused", ({ code }) => {
          refusal = code;
          changed();
        }),
        conversation.on("left", ({ reason }) => {
          refusal = reason;
          changed();
        }),
        client.on("status", left),
        client.on("message", takeIn),
      ];
      return () => {
        told = () => {};
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
    forgetMissed() {
      missed = null;
      changed();
    },
  };
}
