import type { Client } from "@signalbox/client";

/** Creates a value once per client and key, so that a component that is mounted again finds its state. */
export function perClient<Value>(make: (client: Client, key: string) => Value) {
  const values = new WeakMap<Client, Map<string, Value>>();
  return (client: Client, key: string): Value => {
    const known = values.get(client) ?? new Map<string, Value>();
    values.set(client, known);
    const value = known.get(key) ?? make(client, key);
    known.set(key, value);
    return value;
  };
}
