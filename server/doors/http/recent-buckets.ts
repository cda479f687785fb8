import type { Principal } from "../../session/principal.ts";
import type { TokenBucket } from "../../session/token-bucket.ts";

const kept = 10_000;

/** The rate limits of those who asked last. Whoever has been forgotten has been quiet for long enough. */
export class RecentBuckets {
  /** Insertion order is the order of last use. */
  readonly #buckets = new Map<string, TokenBucket>();

  of({ userId, roles }: Principal, create: () => TokenBucket): TokenBucket {
    // By role too: a backend's token has a larger limit than the same user's own.
    const key = `${userId} ${roles.join(" ")}`;
    const bucket = this.#buckets.get(key) ?? create();
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > kept && oldest !== undefined) this.#buckets.delete(oldest);
    return bucket;
  }
}
