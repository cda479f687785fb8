import type { LoggedEnvelope } from "../../shared/envelope.ts";
import { EventType } from "../../shared/event-type.ts";
import type { ResponseId } from "../../shared/ids.ts";
import { limits } from "../../shared/limits.ts";
import type { RoomName } from "../../shared/room.ts";

const envelopeBytes = 300;

type Delta = LoggedEnvelope<EventType.ChatResponseDelta>;
type Response = LoggedEnvelope<EventType.ChatResponse>;

export const isDelta = (event: LoggedEnvelope): event is Delta => event.type === EventType.ChatResponseDelta;
export const isResponse = (event: LoggedEnvelope): event is Response => event.type === EventType.ChatResponse;

/** Which of the given responses are finished: their `chat_response`, with the whole text, is in the log. */
export type FinishedResponses = (room: RoomName, responses: ResponseId[]) => Promise<Iterable<ResponseId>>;

/**
 * A page of a room's history with streamed responses compacted, since a late joiner does not need each delta. The
 * deltas of a finished response are omitted: its `chat_response` has the whole text. The deltas of an unfinished
 * response are merged into one entry, at the position of the last of them. The page is filled in the direction in which
 * the log is read, with `append` or with `prepend`.
 */
export class CompactPage {
  readonly events: LoggedEnvelope[] = [];
  readonly #limit: number;
  /** By response, if read backwards: `data.index` of the earliest delta in the page. */
  readonly #firstIndex = new Map<ResponseId, number>();
  readonly #omitted = new Set<ResponseId>();
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Omits the deltas of these responses, which are finished or belong to another page. Call it before adding them. */
  omit(responses: Iterable<ResponseId>): void {
    for (const responseId of responses) this.#omitted.add(responseId);
  }

  /** Adds an event that is newer than the page. Returns `false`, and changes nothing, if the page is full. */
  append(event: LoggedEnvelope): boolean {
    if (this.#isOmitted(event)) return true;
    const index = this.#indexOfResponse(event);
    if (this.#isFullFor(event, index < 0)) return false;

    const present = this.events[index];
    // The newest attempt at an answer counts; an older attempt may still have written deltas after it.
    if (present && isDelta(present) && isDelta(event) && attemptOf(event) < attemptOf(present)) return true;
    const [earlier] = index < 0 ? [] : this.events.splice(index, 1);
    const added = earlier && isDelta(earlier) && isDelta(event) ? merge(earlier, event) : event;
    this.events.push(added);
    this.#replaced(earlier, added);
    if (isResponse(event)) this.#omitted.add(event.data.responseId);
    return true;
  }

  /** Adds an event that is newer than the page. If the page is full, the oldest entries are dropped. */
  push(event: LoggedEnvelope): void {
    while (!this.append(event)) this.#replaced(this.events.shift(), undefined);
  }

  /** Adds an event that is older than the page. Returns `false`, and changes nothing, if the page is full. */
  prepend(event: LoggedEnvelope): boolean {
    if (this.#isOmitted(event) || this.mergeEarlierDelta(event)) return true;
    if (this.#isFullFor(event, true)) return false;
    this.events.unshift(event);
    this.#replaced(undefined, event);
    if (isDelta(event)) this.#firstIndex.set(event.data.responseId, event.data.index);
    if (isResponse(event)) this.#omitted.add(event.data.responseId);
    return true;
  }

  /**
   * Merges a delta that is older than the page into the entry of its response. Returns `false`, and changes nothing, if
   * the page has no such entry. A full page takes it too, since each of its entries must become complete.
   */
  mergeEarlierDelta(event: LoggedEnvelope): boolean {
    const index = this.#indexOfResponse(event);
    const later = this.events[index];
    if (!later || !isDelta(later) || !isDelta(event)) return false;
    if (attemptOf(event) < attemptOf(later)) return true;
    const merged = merge(event, later);
    this.events[index] = merged;
    this.#replaced(later, merged);
    this.#firstIndex.set(event.data.responseId, event.data.index);
    return true;
  }

  /** Whether a response in the page, which was read backwards, has earlier deltas that are still to be merged. */
  get lacksDeltas(): boolean {
    return this.events.filter(isDelta).some(({ data }) => (this.#firstIndex.get(data.responseId) ?? 0) > 0);
  }

  /** Whether the limit of entries or of bytes is reached. An event larger than any page gets a page of its own. */
  #isFullFor(event: LoggedEnvelope, isEntry: boolean): boolean {
    if (this.events.length === 0) return false;
    if (isEntry && this.events.length >= this.#limit) return true;
    return this.#bytes + bytesOf(event.data) > limits.pageBytes;
  }

  #replaced(before: LoggedEnvelope | undefined, after: LoggedEnvelope | undefined): void {
    if (before) this.#bytes -= bytesOf(before.data);
    if (after) this.#bytes += bytesOf(after.data);
  }

  #isOmitted(event: LoggedEnvelope): boolean {
    return isDelta(event) && this.#omitted.has(event.data.responseId);
  }

  /** Index of the entry with the deltas of the event's response, or -1. */
  #indexOfResponse(event: LoggedEnvelope): number {
    if (!isDelta(event) && !isResponse(event)) return -1;
    const { responseId } = event.data;
    return this.events.findLastIndex((other) => isDelta(other) && other.data.responseId === responseId);
  }
}

/** Sizes by the `data` of an event. Cached, since the same events are in many pages and their data does not change. */
const sizes = new WeakMap<object, number>();

/** Bytes of an event's data as JSON, with an estimate for the envelope around it. */
export function bytesOf(data: object): number {
  const known = sizes.get(data);
  if (known !== undefined) return known;
  const bytes = Buffer.byteLength(JSON.stringify(data)) + envelopeBytes;
  sizes.set(data, bytes);
  return bytes;
}

/** The attempt of the dispatch that the response belongs to; 0 for a response without a dispatch. */
const attemptOf = ({ data }: Delta) => data.attempt ?? 0;

/**
 * Joins the text of two deltas into one event at the position of the later one. If they are of different attempts, only
 * the text of the newer attempt is kept.
 */
function merge(earlier: Delta, later: Delta): Delta {
  if (attemptOf(earlier) < attemptOf(later)) return later;
  if (attemptOf(earlier) > attemptOf(later)) return { ...later, data: earlier.data };
  return { ...later, data: { ...later.data, delta: earlier.data.delta + later.data.delta } };
}
