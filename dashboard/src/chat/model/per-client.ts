import type { Client } from "@signalbox/client";

/** Made once for each client and key: a component that is built again finds what it had. */
export function perClient<Value>(make: (client: Client, key: string) => Value) {
  const made = new WeakMap<Client, Map<string, Value>>();
  return (client: Client, key: string): Value => {
    const known = made.get(client) ?? new Map<string, Value>();
    made.set(client, known);
    const value = known.get(key) ?? make(client, key);
    known.set(key, value);
    return value;
  };
}
