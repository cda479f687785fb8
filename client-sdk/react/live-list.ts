import type { Envelope } from "../../shared/envelope.ts";
import type { Client } from "../client.ts";
import type { Cancel } from "../connection/environment.ts";
import type { Listed } from "../monitoring/lists.ts";
import { createStore, type Store } from "./store.ts";

/** A list that is kept up to date. */
export interface LiveListView<Item> {
  items: readonly Item[];
  /** The list has been read, and later changes arrive live. */
  isLive: boolean;
  /** Why reading failed; it is retried. */
  error: unknown;
}

interface LiveListSource<Item> {
  topics: readonly string[];
  list(): Promise<Listed<Item>>;
  idOf(item: Item): string;
  /** The item after an event, or `undefined` when the event does not concern an item. */
  apply(event: Envelope, known: (id: string) => Item | undefined): Item | undefined;
  /** Filter of the list. */
  includes(item: Item): boolean;
}

const retryMs = 2_000;
/** A list of thousands of items that changes all the time is not rendered with every frame. */
const restMs = 250;

/** A list and its changes, without a gap between the two. Read again after events were lost. */
export function createLiveList<Item>(client: Client, source: LiveListSource<Item>): Store<LiveListView<Item>> {
  const items = new Map<string, Item>();
  let isLive = false;
  let error: unknown = null;

  function replace(found: readonly Item[]): void {
    items.clear();
    for (const item of found) items.set(source.idOf(item), item);
  }

  return createStore<LiveListView<Item>>({
    restMs,
    read: () => ({ items: [...items.values()].filter((item) => source.includes(item)), isLive, error }),
    watch(changed) {
      let isWatched = true;
      let cancel: Cancel = () => {};

      function follow({ items: found, position }: Listed<Item>): void {
        replace(found);
        cancel = client.monitoring.subscribe(
          source.topics,
          // Events are held back until the list has been read again.
          { after: position, getState: () => source.list() },
          (event: Envelope) => {
            const item = source.apply(event, (id) => items.get(id));
            if (item === undefined) return;
            items.set(source.idOf(item), item);
            changed();
          },
          {
            live: () => set(true, null),
            gap: ({ state, error: failure }) => {
              if (state) replace((state as Listed<Item>).items);
              set(isLive, failure ?? null);
            },
            refused: (refusal) => set(false, refusal),
          },
        );
      }

      function set(live: boolean, failure: unknown): void {
        isLive = live;
        error = failure;
        changed();
      }

      async function begin(): Promise<void> {
        try {
          const listed = await source.list();
          if (isWatched) follow(listed);
        } catch (failure) {
          if (!isWatched) return;
          set(false, failure);
          const timer = setTimeout(() => void begin(), retryMs);
          cancel = () => clearTimeout(timer);
        }
      }

      void begin();
      const cancelLoss = client.on("disconnected", () => set(false, error));
      return () => {
        isWatched = false;
        isLive = false;
        cancel();
        cancelLoss();
      };
    },
  });
}
