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

/** Of these responses, those that have their final `chat_response` in the log. */
export type FinishedResponses = (room: RoomName, responses: ResponseId[]) => Promise<Iterable<ResponseId>>;

/**
 * A page of history, as a late joiner wants it: the parts of one response are merged into one event at the place of
 * the last part, and left out where the whole is in the log. Grows at either end, whichever way the log is read.
 */
export class CompactPage {
  readonly events: LoggedEnvelope[] = [];
  readonly #limit: number;
  /** Of responses that were read backwards, the number of the earliest part. */
  readonly #firstIndex = new Map<ResponseId, number>();
  readonly #finished = new Set<ResponseId>();
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** These responses are in the log as a whole, or shown elsewhere; to be called before their parts are added. */
  leaveOut(finished: Iterable<ResponseId>): void {
    for (const responseId of finished) this.#finished.add(responseId);
  }

  /** Adds what follows the page. `false`, and nothing changed, when it is full. */
  append(event: LoggedEnvelope): boolean {
    if (this.#isSuperseded(event)) return true;
    const part = this.#partOf(event);
    if (this.#isFullFor(event, part < 0)) return false;

    const present = this.events[part];
    // The newest attempt at an answer is the answer; what an older one still wrote is not.
    if (present && isDelta(present) && isDelta(event) && attemptOf(event) < attemptOf(present)) return true;
    const [earlier] = part < 0 ? [] : this.events.splice(part, 1);
    const added = earlier && isDelta(earlier) && isDelta(event) ? merge(earlier, event) : event;
    this.events.push(added);
    this.#replaced(earlier, added);
    if (isResponse(event)) this.#finished.add(event.data.responseId);
    return true;
  }

  /** The same, but makes room by dropping what is oldest. */
  push(event: LoggedEnvelope): void {
    while (!this.append(event)) this.#replaced(this.events.shift(), undefined);
  }

  /** Adds what comes before the page. `false`, and nothing changed, when it is full. */
  prepend(event: LoggedEnvelope): boolean {
    if (this.#isSuperseded(event) || this.prependPart(event)) return true;
    if (this.#isFullFor(event, true)) return false;
    this.events.unshift(event);
    this.#replaced(undefined, event);
    if (isDelta(event)) this.#firstIndex.set(event.data.responseId, event.data.index);
    if (isResponse(event)) this.#finished.add(event.data.responseId);
    return true;
  }

  /** Adds an earlier part of a response that the page has a part of. `false`, and nothing changed, for any other event. */
  prependPart(event: LoggedEnvelope): boolean {
    const part = this.#partOf(event);
    const later = this.events[part];
    if (!later || !isDelta(later) || !isDelta(event)) return false;
    if (attemptOf(event) < attemptOf(later)) return true;
    const merged = merge(event, later);
    this.events[part] = merged;
    this.#replaced(later, merged);
    this.#firstIndex.set(event.data.responseId, event.data.index);
    return true;
  }

  /** Whether a response that the page has parts of, read backwards, has earlier ones. */
  get lacksParts(): boolean {
    return this.events.filter(isDelta).some(({ data }) => (this.#firstIndex.get(data.responseId) ?? 0) > 0);
  }

  /** By count or by bytes; an event that is too large for any page has one to itself. */
  #isFullFor(event: LoggedEnvelope, isEntry: boolean): boolean {
    if (this.events.length === 0) return false;
    if (isEntry && this.events.length >= this.#limit) return true;
    return this.#bytes + bytesOf(event.data) > limits.pageBytes;
  }

  #replaced(before: LoggedEnvelope | undefined, after: LoggedEnvelope | undefined): void {
    if (before) this.#bytes -= bytesOf(before.data);
    if (after) this.#bytes += bytesOf(after.data);
  }

  #isSuperseded(event: LoggedEnvelope): boolean {
    return isDelta(event) && this.#finished.has(event.data.responseId);
  }

  /** Where the page has parts of the response that the event is of, or -1. */
  #partOf(event: LoggedEnvelope): number {
    if (!isDelta(event) && !isResponse(event)) return -1;
    const { responseId } = event.data;
    return this.events.findLastIndex((other) => isDelta(other) && other.data.responseId === responseId);
  }
}

/** By its data; the envelope around it is small. Remembered, since pages overlap and data does not change. */
const sizes = new WeakMap<object, number>();

export function bytesOf(data: object): number {
  const known = sizes.get(data);
  if (known !== undefined) return known;
  const bytes = Buffer.byteLength(JSON.stringify(data)) + envelopeBytes;
  sizes.set(data, bytes);
  return bytes;
}

/** Of a dispatch; an answer that belongs to none has but one. */
const attemptOf = ({ data }: Delta) => data.attempt ?? 0;

/** Parts of two attempts are not put together: what remains is the newer, at the place of the later. */
function merge(earlier: Delta, later: Delta): Delta {
  if (attemptOf(earlier) < attemptOf(later)) return later;
  if (attemptOf(earlier) > attemptOf(later)) return { ...later, data: earlier.data };
  return { ...later, data: { ...later.data, delta: earlier.data.delta + later.data.delta } };
}
