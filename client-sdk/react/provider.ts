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

/** Provides a client to its children. The creator of the client connects and disconnects it. */
export function SignalboxProvider({ client, children }: { client: Client; children?: ReactNode }): ReactElement {
  return createElement(ClientContext.Provider, { value: client }, children);
}

/** The client of the nearest provider. */
export function useClient(): Client {
  const client = useContext(ClientContext);
  if (!client) throw new Error("useClient must be used within a SignalboxProvider.");
  return client;
}

/** The value of a store. The component is rendered again when it changes. */
export function useStore<Value>(store: Store<Value>): Value {
  return useSyncExternalStore(store.subscribe, store.get, store.get);
}

/** Creates stores once per client and key, so that a component that is mounted again finds its state. */
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
