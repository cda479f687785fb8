import type { Clock } from "../clock.ts";
import { TokenBucket } from "../session/token-bucket.ts";

/** What a connection may send beside commands, which the router counts. None of it is limited for those who need it. */
export interface PacketBudgets {
  /** Entering namespaces: there are four, and a client may leave and come again. */
  entering: Pick<TokenBucket, "take">;
  /** Answers to what the server asks, signs of life, goodbyes, and what nobody can read. */
  others: Pick<TokenBucket, "take">;
}

export function createPacketBudgets(clock: Clock): PacketBudgets {
  return {
    entering: new TokenBucket({ perSecond: 10, burst: 100 }, clock),
    others: new TokenBucket({ perSecond: 200, burst: 500 }, clock),
  };
}
