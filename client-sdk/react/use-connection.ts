import type { Client } from "../client.ts";
import type { ConnectionState, TransportName } from "../connection/connection-machine.ts";
import type { PublicState } from "../connection/public-state.ts";
import { storesOf, useClient, useStore } from "./provider.ts";
import { createStore } from "./store.ts";

/** State of a client's connection. */
export interface ConnectionView {
  state: PublicState;
  /** The state in detail: why it is closed, which attempt is next. */
  status: ConnectionState;
  transport: TransportName;
  connectionId: string | null;
  userId: string | null;
  attempt: number;
  /** When the next attempt is due, milliseconds since 1970. */
  nextAttemptAt: number | null;
  /** Since when the client has been trying to connect, milliseconds since 1970; `null` while active or closed. */
  offlineSince: number | null;
}

const connectionStore = storesOf((client: Client) =>
  createStore<ConnectionView>({
    read: () => ({
      state: client.state,
      status: client.status,
      transport: client.transport,
      connectionId: client.connectionId,
      userId: client.userId,
      attempt: client.attempt,
      nextAttemptAt: client.nextAttemptAt,
      offlineSince: client.offlineSince,
    }),
    watch(changed) {
      const cancels = [client.on("status", changed), client.on("transport", changed), client.on("connected", changed)];
      return () => {
        for (const cancel of cancels) cancel();
      };
    },
  }),
);

/** State of the connection. */
export function useConnection(): ConnectionView {
  return useStore(connectionStore(useClient(), ""));
}
