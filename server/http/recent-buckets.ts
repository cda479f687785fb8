import type { UserId } from "../../shared/ids.ts";
import type { TokenBucket } from "../session/token-bucket.ts";

const kept = 10_000;

/** The rate limits of those who asked last. Whoever has been forgotten has been quiet for long enough. */
export class RecentBuckets {
  /** Insertion order is the order of last use. */
  readonly #buckets = new Map<UserId, TokenBucket>();

  of(userId: UserId, create: () => TokenBucket): TokenBucket {
    const bucket = this.#buckets.get(userId) ?? create();
    this.#buckets.delete(userId);
    this.#buckets.set(userId, bucket);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > kept && oldest !== undefined) this.#buckets.delete(oldest);
    return bucket;
  }
}
