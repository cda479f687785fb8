import type { TransportName } from "../connection/connection-machine.ts";
import type { Link, LinkListener, Transport } from "./transport.ts";

/** A transport whose code is loaded on first use: most clients never need it. */
export function createLazyTransport(via: TransportName, load: () => Promise<Transport>): Transport {
  let loading: Promise<Transport> | undefined;

  return {
    open(options, listener: LinkListener): Link {
      let link: Link | undefined;
      let isClosed = false;
      loading ??= load();
      loading.then(
        (transport) => {
          if (!isClosed) link = transport.open(options, listener);
        },
        (error: unknown) => {
          // Load again with the next attempt.
          loading = undefined;
          if (!isClosed) listener.failed(String(error));
        },
      );
      return {
        via,
        command: (...command) => link?.command(...command),
        close() {
          isClosed = true;
          link?.close();
        },
      };
    },
  };
}
