import { pause } from "./pause.ts";

const retryMs = 500;

/** A check that is repeated until it succeeds. A later start replaces the run under way, which may have begun too early. */
export class Recheck {
  readonly #check: () => Promise<void>;
  readonly #failed: (error: unknown) => void;
  #runs = 0;

  /** `failed` is called with each error; the check is then repeated. */
  constructor(check: () => Promise<void>, failed: (error: unknown) => void) {
    this.#check = check;
    this.#failed = failed;
  }

  async start(): Promise<void> {
    const run = ++this.#runs;
    while (run === this.#runs) {
      try {
        return await this.#check();
      } catch (error) {
        this.#failed(error);
        await pause(retryMs);
      }
    }
  }

  close(): void {
    this.#runs++;
  }
}
