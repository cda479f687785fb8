import type { IncomingMessage } from "node:http";
import type { Clock } from "../runtime/clock.ts";
import { CountsByKey } from "../runtime/counts-by-key.ts";
import { TokenBucket } from "../session/token-bucket.ts";
import { clientAddress, placeOf } from "./client-address.ts";
import { Handshakes } from "./handshakes.ts";

interface AdmissionOptions {
  /** Connections that may come from one address, or from one /64 of IPv6, to this instance. */
  connectionsPerIp: number;
  /** New connections that this instance accepts per second. */
  newPerSecond: number;
  /** The number of proxies in front of the server. */
  trustProxy: number;
  clock: Clock;
  /** Called for each refused connection, with the limit that was reached: of its address, or of the instance. */
  refused(reason: "address" | "rate"): void;
}

interface Refused {
  status: 429 | 503;
  message: string;
}

/**
 * Limits new connections before their tokens are verified. A refusal is cheapest here, and clients reconnect after it by
 * themselves.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #newConnections: TokenBucket;
  /** The number of open connections by address; see {@link placeOf}. */
  readonly #open = new CountsByKey<string>();
  readonly #handshakes = new Handshakes();

  constructor(options: AdmissionOptions) {
    this.#options = options;
    const { newPerSecond, clock } = options;
    this.#newConnections = new TokenBucket({ perSecond: newPerSecond, burst: newPerSecond }, clock);
  }

  /** Why the connection is refused, or `undefined` if it is admitted. */
  refusalOf(request: IncomingMessage): Refused | undefined {
    const { connectionsPerIp, refused } = this.#options;
    // Checked before the rate, so that one address cannot use up the rate that all share.
    if ((this.#open.get(this.#placeOf(request)) ?? 0) >= connectionsPerIp) {
      refused("address");
      return { status: 429, message: `There are ${connectionsPerIp} connections from this address` };
    }
    if (this.#newConnections.take() === 0) return undefined;
    refused("rate");
    return { status: 503, message: "Too many new connections" };
  }

  /** Starts the handshake of an admitted connection: now, or in a later turn if many arrive at once. */
  begin(start: () => void): void {
    this.#handshakes.take(start);
  }

  /** Counts a connection that has begun. When it ends, call {@link left} once with the returned value. */
  entered(request: IncomingMessage): string {
    const place = this.#placeOf(request);
    this.#open.increment(place);
    return place;
  }

  left(place: string): void {
    this.#open.decrement(place);
  }

  #placeOf(request: IncomingMessage): string {
    return placeOf(clientAddress(request, this.#options.trustProxy));
  }
}
