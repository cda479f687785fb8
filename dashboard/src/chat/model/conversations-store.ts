import type { Client, Envelope, Position } from "@signalbox/client";
import { createStore, type Store } from "@signalbox/client/react";
import { conversationStore } from "./conversation-store.ts";
import { type EventLike, entryOf, isAfter, senderOf } from "./entry.ts";
import { perClient } from "./per-client.ts";
import { previewText } from "./preview-text.ts";

type Listed = Awaited<ReturnType<Client["chat"]["list"]>>["conversations"][number];

/** A conversation in the list. */
export interface ConversationItem extends Omit<Listed, "lastEvent"> {
  /** Preview and time of the last message; without messages, the time of creation. */
  lastText: string;
  lastAt: number;
  lastPosition: Position | null;
}

export interface ConversationsView {
  /** Most recent activity first. */
  items: readonly ConversationItem[];
  isLoaded: boolean;
  /** Why loading failed. It is retried with the next connection. */
  error: string | null;
}

interface ConversationsStore extends Store<ConversationsView> {
  markRead(id: string, position: Position): void;
}

/** Conversations whose unread counts are updated live; a connection may be in 128 rooms. */
const maxFollowed = 60;
const maxListed = 200;
const quietPeriodMs = 2_000;

const stores = perClient(createConversationsStore);

export const conversationsStore = (client: Client): ConversationsStore => stores(client, "");

function createConversationsStore(client: Client): ConversationsStore {
  const items = new Map<string, ConversationItem>();
  const following = new Map<string, () => void>();
  const marking = new Map<string, Position>();
  let isLoaded = false;
  let error: string | null = null;
  let notify: () => void = () => {};
  let isReading = false;
  let isStale = false;
  let refreshTimer: ReturnType<typeof setTimeout> | undefined;

  const sorted = () => [...items.values()].sort((one, other) => other.lastAt - one.lastAt);

  async function read(): Promise<void> {
    try {
      const found: Listed[] = [];
      for (let cursor: string | null | undefined; cursor !== null && found.length < maxListed; ) {
        const page = await client.chat.list({ limit: 100, ...(cursor === undefined ? {} : { cursor }) });
        found.push(...page.conversations);
        cursor = page.nextCursor;
      }
      items.clear();
      for (const conversation of found) items.set(conversation.id, itemOf(conversation));
      isLoaded = true;
      error = null;
      follow();
    } catch (failure) {
      error = failure instanceof Error ? failure.message : String(failure);
    }
    notify();
  }

  /** Reads the list, and again if it has changed meanwhile. */
  async function refresh(): Promise<void> {
    isStale = true;
    if (isReading) return;
    isReading = true;
    while (isStale) {
      isStale = false;
      await read();
    }
    isReading = false;
  }

  /** Local counts may be off if messages arrived while the list was being read, so read it again after a quiet period. */
  function scheduleRefresh(): void {
    clearTimeout(refreshTimer);
    refreshTimer = setTimeout(() => void refresh(), quietPeriodMs);
  }

  function follow(): void {
    const wanted = new Set<string>(
      sorted()
        .slice(0, maxFollowed)
        .map(({ id }) => id),
    );
    for (const [id, stop] of following) {
      if (wanted.has(id)) continue;
      stop();
      following.delete(id);
    }
    for (const id of wanted) {
      if (!following.has(id))
        following.set(
          id,
          conversationStore(client, id).subscribe(() => {}),
        );
    }
  }

  function take(event: Envelope): void {
    if (event.type === "conversation.updated") return void refresh();
    const item = items.get(event.room.replace(/^conversation:/, ""));
    if (!item) return;
    const isMine = event.sender?.userId === client.userId;
    if (event.type === "read_receipt" && (event.data as { userId: string }).userId === client.userId) {
      // Read in another tab.
      if (!marking.has(item.id)) void refresh();
      return;
    }
    const entry = entryOf(event);
    // Events delivered when joining a room are already counted in the list.
    if (!entry || !isAfter(entry.position, item.lastPosition)) return;
    const unread = isMine ? item.unread : item.unread + 1;
    scheduleRefresh();
    items.set(item.id, { ...item, unread, ...lastOf(event) });
    notify();
  }

  async function markRead(id: string, position: Position): Promise<void> {
    const item = items.get(id);
    if (!item || !isAfter(position, marking.get(id) ?? item.readPosition)) return;
    marking.set(id, position);
    try {
      const { unread } = await client.chat.conversation(id).markRead(position);
      const now = items.get(id);
      if (now) items.set(id, { ...now, unread, readPosition: position });
      notify();
    } catch {
      // The next message that is read marks this one as well.
    }
    if (marking.get(id) === position) marking.delete(id);
  }

  const store = createStore<ConversationsView>({
    read: () => ({ items: sorted(), isLoaded, error }),
    watch(changed) {
      notify = changed;
      const cancels = [
        client.on("message", take),
        client.on("connected", () => void refresh()),
        client.on("gap", ({ room }) => void (room.startsWith("user:") && refresh())),
      ];
      void refresh();
      return () => {
        notify = () => {};
        clearTimeout(refreshTimer);
        for (const cancel of cancels) cancel();
        for (const stop of following.values()) stop();
        following.clear();
      };
    },
  });
  return { ...store, markRead: (id, position) => void markRead(id, position) };
}

function itemOf({ lastEvent, ...conversation }: Listed): ConversationItem {
  const empty = { lastText: "", lastAt: Date.parse(conversation.createdAt), lastPosition: null };
  return { ...conversation, ...empty, ...(lastEvent && lastOf(lastEvent)) };
}

function lastOf(event: EventLike): Pick<ConversationItem, "lastText" | "lastAt" | "lastPosition"> {
  const entry = entryOf(event);
  const text = entry ? previewText(entry.text) || (entry.links[0]?.name ?? "") : "is responding…";
  const name = senderOf(event)?.name;
  return {
    lastText: name === undefined ? text : `${name}: ${text}`,
    lastAt: Date.parse(event.timestamp),
    lastPosition: event.position ?? null,
  };
}
