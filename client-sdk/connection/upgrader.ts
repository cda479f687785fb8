import type { Namespace } from "../../shared/namespace.ts";
import type { Established, Link, LinkListener, Transport } from "../transport/transport.ts";
import { backoffDelay } from "./backoff.ts";
import type { TransportName } from "./connection-machine.ts";
import type { Cancel, Environment } from "./environment.ts";
import type { TokenSource } from "./token-source.ts";

interface UpgraderDeps {
  /** The WebSocket transport. */
  transport: Transport;
  namespaces: readonly Namespace[];
  tokens: TokenSource;
  environment: Environment;
  /** Listener of a probe after it has become the current link. */
  listenerOf(isCurrent: () => boolean): Omit<LinkListener, "opened">;
  /** Makes an open WebSocket the current link. Returns a function that says whether it still is. */
  upgraded(link: Link, established: Established): () => boolean;
}

/** While the client is on HTTP, probes from time to time for a WebSocket, and upgrades to it. */
export interface Upgrader {
  follow(via: TransportName | undefined): void;
  /** The network has changed: probe at once. */
  probeNow(): void;
}

/** Soon at first, for a server that was restarting; rarely later, for a proxy that blocks WebSockets. */
const backoff = { baseMs: 2_000, maxMs: 60_000, attempts: Number.POSITIVE_INFINITY, jitter: 0.3 };

export function createUpgrader(deps: UpgraderDeps): Upgrader {
  const { transport, namespaces, tokens, environment } = deps;
  let attempt = 0;
  let generation = 0;
  let probe: Link | undefined;
  let cancel: Cancel | undefined;

  function schedule(): void {
    attempt += 1;
    const delayMs = backoffDelay(backoff, attempt, environment.random());
    cancel = environment.after(delayMs, () => void open());
  }

  function stop(): void {
    generation += 1;
    cancel?.();
    cancel = undefined;
    probe?.close();
    probe = undefined;
    attempt = 0;
  }

  async function open(): Promise<void> {
    const current = ++generation;
    const answer = await tokens.ask();
    if (current !== generation) return;
    if (!("token" in answer)) return schedule();

    let isCurrentLink = () => false;
    const listener = deps.listenerOf(() => isCurrentLink());
    const probeFailed = () => {
      if (current !== generation) return;
      probe = undefined;
      schedule();
    };
    probe = transport.open(
      { token: answer.token, namespaces },
      {
        ...listener,
        opened(established) {
          if (current !== generation || !probe) return;
          const link = probe;
          // It has become the current link, and must not be closed as a probe.
          probe = undefined;
          isCurrentLink = deps.upgraded(link, established);
        },
        refused: (error) => (isCurrentLink() ? listener.refused(error) : probeFailed()),
        failed: (why) => (isCurrentLink() ? listener.failed(why) : probeFailed()),
        dropped: (end) => (isCurrentLink() ? listener.dropped(end) : probeFailed()),
      },
    );
  }

  return {
    follow(via) {
      if (via !== "http") stop();
      else if (!cancel) schedule();
    },
    probeNow() {
      if (!cancel || probe) return;
      cancel();
      void open();
    },
  };
}
