import type { Clock } from "../runtime/clock.ts";
import { type Rate, TokenBucket } from "../session/token-bucket.ts";

/** Packets beside commands, which the router counts. A client in order reaches neither limit. */
const rates = {
  /** Entering namespaces: there are four, and a client may leave and come again. */
  entering: { perSecond: 10, burst: 100 },
  /** Answers to what the server asks, signs of life, goodbyes, and packets that cannot be read. */
  others: { perSecond: 200, burst: 500 },
} satisfies Record<string, Rate>;

export type PacketKind = keyof typeof rates;
export type PacketBucket = Pick<TokenBucket, "take">;

export function createPacketBucket(kind: PacketKind, clock: Clock): PacketBucket {
  return new TokenBucket(rates[kind], clock);
}
