import { afterEach } from "@jest/globals";
import { type Client, type ClientOptions, createClient } from "../../client-sdk/index.ts";
import type { Role } from "../../shared/role.ts";
import type { TestServer } from "../support/server.ts";
import { tokenOf } from "../support/tokens.ts";
import { within } from "../support/within.ts";

const opened: Client[] = [];
afterEach(() => {
  for (const client of opened.splice(0)) client.disconnect();
});

interface SdkOptions extends Partial<ClientOptions> {
  roles?: readonly Role[];
}

/** The SDK's client of a user, not connected yet; closed after the test. Comes back soon, so that tests are fast. */
export function sdkClient(server: Pick<TestServer, "url">, sub: string, options: SdkOptions = {}): Client {
  const { roles, ...rest } = options;
  const hasToken = "token" in rest || "getToken" in rest;
  const client = createClient({
    url: server.url,
    ...(hasToken ? {} : { token: tokenOf(sub, roles) }),
    logger: { level: "silent" },
    ...rest,
    backoff: { baseMs: 20, maxMs: 100, attempts: Number.POSITIVE_INFINITY, ...rest.backoff },
  });
  opened.push(client);
  return client;
}

export async function connectSdk(server: Pick<TestServer, "url">, sub: string, options?: SdkOptions): Promise<Client> {
  const client = sdkClient(server, sub, options);
  await within(client.connect(), `the connection of ${sub}`);
  return client;
}

/** Resolves when the client is in a state. */
export function inState(client: Client, state: Client["state"]): Promise<void> {
  if (client.state === state) return Promise.resolve();
  const reached = new Promise<void>((resolve) => {
    const cancel = client.on("statechange", ({ newState }) => {
      if (newState !== state) return;
      cancel();
      resolve();
    });
  });
  return within(reached, () => `${state}; it is ${client.state}`);
}
