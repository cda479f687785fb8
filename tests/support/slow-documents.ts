import type { Clock } from "../../server/runtime/clock.ts";
import type { Documents } from "../../server/store/documents/documents.ts";
import { openStore, type StoreName } from "./stores.ts";
import { nextTurn } from "./within.ts";

/**
 * Documents that are some way off: between the moment at which one is read and the moment at which the reader has it,
 * others get their turn. In memory nobody would ever be in the middle of a change when somebody else begins one.
 */
export async function slowDocuments(store: StoreName, clock: Clock): Promise<Documents> {
  const { documents } = await openStore(store, { clock });
  return {
    ...documents,
    async get<T>(...args: Parameters<Documents["get"]>) {
      const found = await documents.get<T>(...args);
      await nextTurn();
      return found;
    },
  };
}
