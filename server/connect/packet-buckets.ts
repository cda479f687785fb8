import type { Clock } from "../runtime/clock.ts";
import { type Rate, TokenBucket } from "../session/token-bucket.ts";

/** Rates of packets other than commands, which the router limits. A well-behaved client reaches neither limit. */
const rates = {
  /** Connects to namespaces: there are four, and a client may leave and enter again. */
  entering: { perSecond: 10, burst: 100 },
  /** Acknowledgements, pings and pongs, disconnects, and packets that cannot be parsed. */
  others: { perSecond: 200, burst: 500 },
} satisfies Record<string, Rate>;

export type PacketKind = keyof typeof rates;
export type PacketBucket = Pick<TokenBucket, "take">;

export function createPacketBucket(kind: PacketKind, clock: Clock): PacketBucket {
  return new TokenBucket(rates[kind], clock);
}
