import type { LoggedEnvelope } from "../../shared/envelope.ts";
import { limits } from "../../shared/limits.ts";
import { bytesOf } from "./compact.ts";

/** A page of the events that match, bounded by count and bytes. Grows at either end. */
export class FilteredPage {
  readonly events: LoggedEnvelope[] = [];
  readonly #limit: number;
  readonly #matches: (event: LoggedEnvelope) => boolean;
  #bytes = 0;

  constructor(limit: number, matches: (event: LoggedEnvelope) => boolean) {
    this.#limit = limit;
    this.#matches = matches;
  }

  /** Adds what follows the page. `false`, and nothing changed, when it matches and the page is full. */
  append(event: LoggedEnvelope): boolean {
    return this.#add(event, () => this.events.push(event));
  }

  /** Adds what comes before the page, in the same way. */
  prepend(event: LoggedEnvelope): boolean {
    return this.#add(event, () => this.events.unshift(event));
  }

  /** Adds what follows the page, and makes room by dropping what is oldest. */
  push(event: LoggedEnvelope): void {
    while (!this.append(event)) {
      const oldest = this.events.shift();
      if (oldest) this.#bytes -= bytesOf(oldest.data);
    }
  }

  /** An event that is too large for any page has one to itself. */
  #add(event: LoggedEnvelope, put: () => void): boolean {
    if (!this.#matches(event)) return true;
    const bytes = this.#bytes + bytesOf(event.data);
    const isFull = this.events.length >= this.#limit || bytes > limits.pageBytes;
    if (isFull && this.events.length > 0) return false;
    this.#bytes = bytes;
    put();
    return true;
  }
}
