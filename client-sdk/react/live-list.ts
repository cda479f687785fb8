import type { Envelope } from "../../shared/envelope.ts";
import type { Client } from "../client.ts";
import type { Cancel } from "../connection/environment.ts";
import type { Listed } from "../monitoring/lists.ts";
import { createStore, type Store } from "./store.ts";

/** A list as it is now. */
export interface LiveListView<Item> {
  items: readonly Item[];
  /** The list was read, and everything since then was told. */
  isLive: boolean;
  /** Why it could not be read; it is tried again. */
  error: unknown;
}

export interface LiveListSource<Item> {
  topics: readonly string[];
  list(): Promise<Listed<Item>>;
  idOf(item: Item): string;
  /** The item as an event leaves it; `undefined` where the event says nothing of one. */
  take(event: Envelope, known: (id: string) => Item | undefined): Item | undefined;
  /** What is shown. */
  shown(item: Item): boolean;
}

const retryMs = 2_000;
/** A list of thousands is not sorted and drawn with every frame while it changes all the time. */
const restMs = 250;

/** A list and its changes, without a hole between the two. Read anew when something was lost. */
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
    read: () => ({ items: [...items.values()].filter((item) => source.shown(item)), isLive, error }),
    watch(changed) {
      let isWatched = true;
      let cancel: Cancel = () => {};

      function follow({ items: found, position }: Listed<Item>): void {
        replace(found);
        cancel = client.monitoring.subscribe(
          source.topics,
          // Events wait until the list is there again.
          { after: position, getState: () => source.list() },
          (event: Envelope) => {
            const item = source.take(event, (id) => items.get(id));
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
