import { randomFillSync } from "node:crypto";
import { ulid } from "ulid";
import type { EventId } from "../../shared/ids.ts";

/** Random bytes are fetched many at once: one at a time costs more than all else that is done to publish. */
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
