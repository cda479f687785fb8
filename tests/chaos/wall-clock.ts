import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../support/programs.ts";

/** The wall clock of a process, which can be set while it runs. The monotonic clock goes on as it does. */
export class WallClock {
  /** What the process has to be started with. */
  readonly environment: Record<string, string>;
  readonly #file: string;
  readonly #skewSeconds: number;

  /** `skewSeconds`: by how much it is ahead of the machine's clock from the start; negative where it is behind. */
  constructor(library: string, file: string, skewSeconds: number) {
    this.#file = file;
    this.#skewSeconds = skewSeconds;
    this.environment = {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      // How long the library remembers what the file says, in seconds.
      FAKETIME_CACHE_DURATION: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
    this.step(0);
  }

  /** So many seconds away from where it would be; 0 sets it right again. */
  step(seconds: number): void {
    const offset = this.#skewSeconds + seconds;
    writeFileSync(this.#file, `${offset < 0 ? "" : "+"}${offset}\n`);
  }

  /** One for each instance, of which only the first is right: the tokens of the clients must be good by each of them. */
  static async forInstances(count: number, folder: string): Promise<WallClock[]> {
    const library = await findLibrary();
    const skews = [0, 660, -900];
    return Array.from(
      { length: count },
      (_, i) => new WallClock(library, join(folder, `clock-${i + 1}`), skews[i % skews.length] ?? 0),
    );
  }
}

/** The program `faketime` is a wrapper, which knows where the library is. */
async function findLibrary(): Promise<string> {
  const wrapper = await findProgram("faketime");
  return execFileSync(wrapper, ["-m", "-f", "+0s", "printenv", "LD_PRELOAD"], { encoding: "utf8" }).trim();
}
