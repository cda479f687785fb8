import type { Clock } from "../clock.ts";
import { type Rate, TokenBucket } from "../session/token-bucket.ts";

/** What a connection may send beside commands, which the router counts. None of it is limited for those who need it. */
export interface PacketBudgets {
  /** Entering namespaces: there are four, and a client may leave and come again. */
  entering: Pick<TokenBucket, "take">;
  /** Answers to what the server asks, signs of life, goodbyes, and what nobody can read. */
  others: Pick<TokenBucket, "take">;
}

export function createPacketBudgets(clock: Clock): PacketBudgets {
  return { entering: new TokenBucket(enteringRate, clock), others: new TokenBucket(othersRate, clock) };
}

const enteringRate: Rate = { perSecond: 10, burst: 100 };
const othersRate: Rate = { perSecond: 200, burst: 500 };
