import { afterEach } from "@jest/globals";
import type { Environment, EnvironmentChange } from "../../client-sdk/connection/environment.ts";
import { createHostEnvironment } from "../../client-sdk/connection/host-environment.ts";
import { NetworkProxy } from "../chaos/network-proxy.ts";

const proxies: NetworkProxy[] = [];
afterEach(async () => {
  for (const proxy of proxies.splice(0)) await proxy.close();
});

/** The network between a client and a server. Closed after the test. */
export async function openNetwork(port: number): Promise<NetworkProxy> {
  const proxy = await NetworkProxy.start(port);
  proxies.push(proxy);
  return proxy;
}

/** An environment whose network comes and goes as the test says, as a browser would tell of it. */
export function createNetwork(): { environment: Environment; tell(change: EnvironmentChange): void } {
  const listeners = new Set<(change: EnvironmentChange) => void>();
  return {
    environment: {
      ...createHostEnvironment(),
      watch(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    tell(change) {
      for (const listener of [...listeners]) listener(change);
    },
  };
}
