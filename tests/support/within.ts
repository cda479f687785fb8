import { setTimeout as pause } from "node:timers/promises";

/** How long a test waits for a fact before it says which one did not come about. */
const limitMs = 30_000;

/** Rejects, naming what was waited for, if the promise takes too long. */
export async function within<T>(promise: Promise<T>, what: string | (() => string)): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const fail = () => reject(new Error(`Waited ${limitMs} ms for ${typeof what === "string" ? what : what()}`));
    timer = setTimeout(fail, limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The next turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** For so long it is asked in every turn; then less often, since asking takes time from what is waited for. */
const eagerMs = 20;
const askEveryMs = 3;

/** Asks again and again until something holds. */
export async function eventually(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const since = performance.now();
  while (!(await holds())) {
    const waitedMs = performance.now() - since;
    if (waitedMs > limitMs) throw new Error(`Waited ${limitMs} ms for ${what}`);
    await (waitedMs < eagerMs ? nextTurn() : pause(askEveryMs));
  }
}
