import type { Client, Envelope, Position } from "@signalbox/client";
import { createStore, type Store } from "@signalbox/client/react";
import { conversationStore } from "./conversation-store.ts";
import { entryOf, isAfter, senderOf, type Told } from "./entry.ts";
import { perClient } from "./per-client.ts";
import { previewText } from "./preview-text.ts";

type Listed = Awaited<ReturnType<Client["chat"]["list"]>>["conversations"][number];

/** A conversation as it stands in the list. */
export interface ConversationItem extends Omit<Listed, "lastEvent"> {
  /** What was said last, and when; without anything said, when it was begun. */
  lastText: string;
  lastAt: number;
  lastPosition: Position | null;
}

export interface ConversationsView {
  /** Newest activity first. */
  items: readonly ConversationItem[];
  isLoaded: boolean;
  /** Why they could not be read. It is tried again with the next connection. */
  problem: string | null;
}

export interface ConversationsStore extends Store<ConversationsView> {
  markRead(id: string, position: Position): void;
}

/** So many are followed, so that their numbers are true at every sample; a connection may be in 128 rooms. */
const followed = 60;
const listed = 200;
const quietMs = 2_000;

const stores = perClient(createConversationsStore);

export const conversationsStore = (client: Client): ConversationsStore => stores(client, "");

function createConversationsStore(client: Client): ConversationsStore {
  const items = new Map<string, ConversationItem>();
  const following = new Map<string, () => void>();
  const marking = new Map<string, Position>();
  let isLoaded = false;
  let problem: string | null = null;
  let told: () => void = () => {};
  let isReading = false;
  let isStale = false;
  let counting: ReturnType<typeof setTimeout> | undefined;

  const sorted = () => [...items.values()].sort((one, other) => other.lastAt - one.lastAt);

  async function read(): Promise<void> {
    try {
      const found: Listed[] = [];
      for (let cursor: string | null | undefined; cursor !== null && found.length < listed; ) {
        const page = await client.chat.list({ limit: 100, ...(cursor === undefined ? {} : { cursor }) });
        found.push(...page.conversations);
        cursor = page.nextCursor;
      }
      items.clear();
      for (const conversation of found) items.set(conversation.id, itemOf(conversation));
      isLoaded = true;
      problem = null;
      follow();
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    told();
  }

  /** Once more, where something has changed while it was being read. */
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

  /** The list was read while something was being said, perhaps: when it is quiet, the server's numbers are the true ones. */
  function countAnew(): void {
    clearTimeout(counting);
    counting = setTimeout(() => void refresh(), quietMs);
  }

  function follow(): void {
    const wanted = new Set<string>(
      sorted()
        .slice(0, followed)
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
      // Read in another window.
      if (!marking.has(item.id)) void refresh();
      return;
    }
    const entry = entryOf(event);
    // What comes again when a room is entered was counted by the list.
    if (!entry || !isAfter(entry.position, item.lastPosition)) return;
    const unread = isMine ? item.unread : item.unread + 1;
    countAnew();
    items.set(item.id, { ...item, unread, ...lastOf(event) });
    told();
  }

  async function markRead(id: string, position: Position): Promise<void> {
    const item = items.get(id);
    if (!item || !isAfter(position, marking.get(id) ?? item.readPosition)) return;
    marking.set(id, position);
    try {
      const { unread } = await client.chat.conversation(id).markRead(position);
      const now = items.get(id);
      if (now) items.set(id, { ...now, unread, readPosition: position });
      told();
    } catch {
      // The next that is read says it again.
    }
    if (marking.get(id) === position) marking.delete(id);
  }

  const store = createStore<ConversationsView>({
    read: () => ({ items: sorted(), isLoaded, problem }),
    watch(tell) {
      told = tell;
      const cancels = [
        client.on("message", take),
        client.on("connected", () => void refresh()),
        client.on("gap", ({ room }) => void (room.startsWith("user:") && refresh())),
      ];
      void refresh();
      return () => {
        told = () => {};
        clearTimeout(counting);
        for (const cancel of cancels) cancel();
        for (const stop of following.values()) stop();
        following.clear();
      };
    },
  });
  return { ...store, markRead: (id, position) => void markRead(id, position) };
}

function itemOf({ lastEvent, ...conversation }: Listed): ConversationItem {
  const begun = { lastText: "", lastAt: Date.parse(conversation.createdAt), lastPosition: null };
  return { ...conversation, ...begun, ...(lastEvent && lastOf(lastEvent)) };
}

function lastOf(event: Told): Pick<ConversationItem, "lastText" | "lastAt" | "lastPosition"> {
  const entry = entryOf(event);
  const text = entry ? previewText(entry.text) || (entry.links[0]?.name ?? "") : "writes an answer…";
  const name = senderOf(event)?.name;
  return {
    lastText: name === undefined ? text : `${name}: ${text}`,
    lastAt: Date.parse(event.timestamp),
    lastPosition: event.position ?? null,
  };
}
