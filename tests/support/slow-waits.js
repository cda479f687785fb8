import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** At most so many are named. */
const mostNamed = 10;

/** The waits of all test files that took long, which `within.ts` writes down, one line of JSON each. */
export class SlowWaits {
  #folder = mkdtempSync(join(tmpdir(), "signalbox-waits-"));

  /** To be called before the processes of the tests begin: they have the environment of this one. */
  constructor() {
    process.env.SLOW_WAITS_FILE = join(this.#folder, "waits");
  }

  /** A line for each of the slowest, the slowest first. Nothing is collected afterwards. */
  take() {
    const file = join(this.#folder, "waits");
    const waits = existsSync(file)
      ? readFileSync(file, "utf8")
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line))
      : [];
    rmSync(this.#folder, { recursive: true });
    return waits
      .sort((a, b) => b.ms - a.ms)
      .slice(0, mostNamed)
      .map(({ ms, limitMs, what, test }) => `Waited ${seconds(ms)} of ${seconds(limitMs)} s for ${what} (${test})`);
  }
}

const seconds = (ms) => (ms / 1_000).toFixed(1).replace(/\.0$/, "");
