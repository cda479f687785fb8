import type { IncomingMessage } from "node:http";
import type { Clock } from "../runtime/clock.ts";
import { TokenBucket } from "../session/token-bucket.ts";
import { clientAddress, placeOf } from "./client-address.ts";
import { Handshakes } from "./handshakes.ts";

export interface AdmissionOptions {
  /** Connections that may come from one address, or from one /64 of IPv6, to this instance. */
  connectionsPerIp: number;
  /** New connections that this instance takes per second. */
  newPerSecond: number;
  /** Proxies in front of us. */
  trustProxy: number;
  clock: Clock;
  /** Called for each connection that is refused: its address has enough, or the instance has. */
  refused(reason: "address" | "rate"): void;
}

export interface Refused {
  status: 429 | 503;
  message: string;
}

/**
 * Limits new connections before their tokens are read: the cheapest place to refuse one, and one after which a client
 * comes back by itself.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #fresh: TokenBucket;
  readonly #open = new Map<string, number>();
  readonly #handshakes = new Handshakes();

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#fresh = new TokenBucket({ perSecond: options.newPerSecond, burst: options.newPerSecond }, options.clock);
  }

  /** `undefined`: the connection may begin. */
  refusalOf(request: IncomingMessage): Refused | undefined {
    const { connectionsPerIp, refused } = this.#options;
    // First, so that one place cannot use up what all others share.
    if ((this.#open.get(this.#placeOf(request)) ?? 0) >= connectionsPerIp) {
      refused("address");
      return { status: 429, message: `There are ${connectionsPerIp} connections from this address` };
    }
    if (this.#fresh.take() === 0) return undefined;
    refused("rate");
    return { status: 503, message: "Too many new connections" };
  }

  /** Begins one that may: now, or in one of the next turns when many have come at once. */
  begin(start: () => void): void {
    this.#handshakes.take(start);
  }

  /** The connection has begun. Returns what {@link left} is to be called with, once, when it has ended. */
  entered(request: IncomingMessage): string {
    const place = this.#placeOf(request);
    this.#open.set(place, (this.#open.get(place) ?? 0) + 1);
    return place;
  }

  left(place: string): void {
    const others = (this.#open.get(place) ?? 1) - 1;
    if (others > 0) this.#open.set(place, others);
    else this.#open.delete(place);
  }

  #placeOf(request: IncomingMessage): string {
    return placeOf(clientAddress(request, this.#options.trustProxy));
  }
}
