import {
  createContext,
  createElement,
  type ReactElement,
  type ReactNode,
  useContext,
  useSyncExternalStore,
} from "react";
import type { Client } from "../client.ts";
import type { Store } from "./store.ts";

const ClientContext = createContext<Client | null>(null);

/** Gives a client to everything in it. Connecting and disconnecting stays with whoever made the client. */
export function SignalboxProvider({ client, children }: { client: Client; children?: ReactNode }): ReactElement {
  return createElement(ClientContext.Provider, { value: client }, children);
}

/** The client of the provider around. */
export function useClient(): Client {
  const client = useContext(ClientContext);
  if (!client) throw new Error("There is no SignalboxProvider around this component.");
  return client;
}

/** What a store shows; the component is rendered again when that has changed. */
export function useStore<Value>(store: Store<Value>): Value {
  return useSyncExternalStore(store.subscribe, store.get, store.get);
}

/** Stores live as long as their client: a component that is built again finds what it had. */
export function storesOf<Value>(make: (client: Client, key: string) => Store<Value>) {
  const stores = new WeakMap<Client, Map<string, Store<Value>>>();
  return (client: Client, key: string): Store<Value> => {
    const known = stores.get(client) ?? new Map<string, Store<Value>>();
    stores.set(client, known);
    const store = known.get(key) ?? make(client, key);
    known.set(key, store);
    return store;
  };
}
