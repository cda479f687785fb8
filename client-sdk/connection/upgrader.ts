import type { Namespace } from "../../shared/namespace.ts";
import type { Established, Link, LinkListener, Transport } from "../transport/transport.ts";
import { backoffDelay } from "./backoff.ts";
import type { TransportName } from "./connection-machine.ts";
import type { Cancel, Environment } from "./environment.ts";
import type { TokenSource } from "./token-source.ts";

export interface UpgraderDeps {
  /** Of WebSockets. */
  transport: Transport;
  namespaces: readonly Namespace[];
  tokens: TokenSource;
  environment: Environment;
  /** What a link that has taken over is to tell; before that it tells nothing. */
  listenerOf(isCurrent: () => boolean): Omit<LinkListener, "opened">;
  /** A WebSocket is open and takes over. What is returned says for how long it is the one in force. */
  upgraded(link: Link, established: Established): () => boolean;
}

/** While a client lives on HTTP, tries from time to time whether a WebSocket is to be had. */
export interface Upgrader {
  follow(via: TransportName | undefined): void;
  /** Something has changed: now rather than later. */
  hurry(): void;
}

/** A proxy that blocks WebSockets goes on doing so; a server that was only starting does not. */
const delays = { baseMs: 2_000, maxMs: 60_000, attempts: Number.POSITIVE_INFINITY, jitter: 0.3 };

export function createUpgrader(deps: UpgraderDeps): Upgrader {
  const { transport, namespaces, tokens, environment } = deps;
  let attempt = 0;
  let generation = 0;
  let probe: Link | undefined;
  let cancel: Cancel | undefined;

  function schedule(): void {
    attempt += 1;
    const delayMs = backoffDelay(delays, attempt, environment.random());
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
    const mine = ++generation;
    const answer = await tokens.ask();
    if (mine !== generation) return;
    if (!("token" in answer)) return schedule();

    let isInForce = () => false;
    const listener = deps.listenerOf(() => isInForce());
    const giveUp = () => {
      if (mine !== generation) return;
      probe = undefined;
      schedule();
    };
    probe = transport.open(
      { token: answer.token, namespaces },
      {
        ...listener,
        opened(established) {
          if (mine !== generation || !probe) return;
          const link = probe;
          // It is no probe any more, and not to be closed as one.
          probe = undefined;
          isInForce = deps.upgraded(link, established);
        },
        refused: (error) => (isInForce() ? listener.refused(error) : giveUp()),
        failed: (why) => (isInForce() ? listener.failed(why) : giveUp()),
        dropped: (end) => (isInForce() ? listener.dropped(end) : giveUp()),
      },
    );
  }

  return {
    follow(via) {
      if (via !== "http") stop();
      else if (!cancel) schedule();
    },
    hurry() {
      if (!cancel || probe) return;
      cancel();
      void open();
    },
  };
}
