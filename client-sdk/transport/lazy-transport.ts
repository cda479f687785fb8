import type { TransportName } from "../connection/connection-machine.ts";
import type { Link, LinkListener, Transport } from "./transport.ts";

/** A transport whose program is loaded when it is needed for the first time: most clients never do. */
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
          // The next attempt may be luckier.
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
