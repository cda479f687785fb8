import { randomFillSync } from "node:crypto";
import { ulid } from "ulid";

const pool = new Uint8Array(4_096);
let used = pool.length;

/** From 0 up to and without 1, in 256 steps: more than the 32 that a character has. */
function random(): number {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  return (pool[used++] ?? 0) / 256;
}

/** A ULID. By itself `ulid` asks for its 16 random bytes one by one, which costs more than all else about an event. */
export function freshId<Id extends string>(now: number): Id {
  return ulid(now, random) as Id;
}
