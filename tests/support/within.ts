import { appendFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

/** How long a test waits for a fact before it says which one did not come about. */
const usualLimitMs = 30_000;

/** For what takes its time: a process that starts or ends, a lease that runs out, a client that tries again. */
export const slowMs = 20_000;

/** Rejects, naming what was waited for, if the promise takes too long. */
export async function within<T>(
  promise: Promise<T>,
  what: string | (() => string),
  limitMs = usualLimitMs,
): Promise<T> {
  const since = performance.now();
  const text = () => (typeof what === "string" ? what : what());
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Waited ${limitMs} ms for ${text()}`)), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
    note(performance.now() - since, limitMs, text);
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
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  what: string,
  limitMs = usualLimitMs,
): Promise<void> {
  const since = performance.now();
  let waitedMs = 0;
  while (!(await holds())) {
    waitedMs = performance.now() - since;
    if (waitedMs > limitMs) throw new Error(`Waited ${limitMs} ms for ${what}`);
    await (waitedMs < eagerMs ? nextTurn() : pause(askEveryMs));
  }
  note(waitedMs, limitMs, () => what);
}

/** Jest's own, where there is one: the chaos kit waits without it. */
const runner = globalThis as { expect?: { getState(): { currentTestName?: string } } };

/** A wait of so long is told at the end of the run, if it is among the slowest. */
const longMs = 2_000;

function note(ms: number, limitMs: number, what: () => string): void {
  const file = process.env.SLOW_WAITS_FILE;
  if (ms < longMs || file === undefined) return;
  const [first = ""] = what().split("\n");
  const test = runner.expect?.getState().currentTestName ?? "before or after the tests of a file";
  appendFileSync(file, `${JSON.stringify({ ms, limitMs, what: first.slice(0, 200), test })}\n`);
}
