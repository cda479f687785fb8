import type { LoggedEnvelope } from "../../shared/envelope.ts";
import { limits } from "../../shared/limits.ts";
import { bytesOf } from "./compact.ts";

/** A page of the events that match a filter, limited in count and bytes. Filled with `append` or with `prepend`. */
export class FilteredPage {
  readonly events: LoggedEnvelope[] = [];
  readonly #limit: number;
  readonly #matches: (event: LoggedEnvelope) => boolean;
  #bytes = 0;

  constructor(limit: number, matches: (event: LoggedEnvelope) => boolean) {
    this.#limit = limit;
    this.#matches = matches;
  }

  /** Adds a newer event if it matches. Returns `false`, and changes nothing, if it matches and the page is full. */
  append(event: LoggedEnvelope): boolean {
    return this.#add(event, () => this.events.push(event));
  }

  /** Adds an older event if it matches. Returns `false`, and changes nothing, if it matches and the page is full. */
  prepend(event: LoggedEnvelope): boolean {
    return this.#add(event, () => this.events.unshift(event));
  }

  /** Adds a newer event if it matches. If the page is full, the oldest events are dropped. */
  push(event: LoggedEnvelope): void {
    while (!this.append(event)) {
      const oldest = this.events.shift();
      if (oldest) this.#bytes -= bytesOf(oldest.data);
    }
  }

  /** An event larger than any page gets a page of its own. */
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
