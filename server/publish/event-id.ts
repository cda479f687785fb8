import { randomFillSync } from "node:crypto";
import { ulid } from "ulid";
import type { EventId } from "../../shared/ids.ts";

/** Random bytes are fetched in bulk: one fetch per id costs more than the rest of publishing. */
const pool = new Uint8Array(16_384);
let used = pool.length;

function fraction(): number {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  return (pool[used++] ?? 0) / 256;
}

/** A ULID. `now`: milliseconds since 1970. */
export function newEventId(now: number): EventId {
  return ulid(now, fraction) as EventId;
}
