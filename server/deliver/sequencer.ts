import type { LoggedEnvelope } from "../../shared/envelope.ts";
import type { LogBounds, LogSlice } from "../store/log/event-log.ts";

/**
 * Brings the announcements of one log into the order of their offsets, whatever was lost, doubled or delayed between.
 * Pure: the driver in `log-tail.ts` carries the effects out.
 *
 *   announced n+1 ─► deliver            announced ≤ n ─► drop
 *   announced > n+1 ─► hold, fetch the hole ─► fetched ─► deliver it, then what was held
 *   checked: log is ahead ─► fetch      log starts later than the hole, or in a new epoch ─► reset
 *
 * One fetch is under way at a time, and only its answer resets: an answer or a check of an older epoch that arrives
 * late cannot bring it back.
 */
export interface SequencerState {
  epoch: string;
  /** Offset of the last event delivered. */
  head: number;
  /** Announced too early; by offset. Empty unless a hole is being fetched. */
  held: ReadonlyMap<number, LoggedEnvelope>;
  fetching: boolean;
  /** The log has shown more since the fetch was sent, which may have read before that: fetch once more. */
  again: boolean;
}

export type SequencerInput =
  | { type: "announced"; event: LoggedEnvelope }
  /** The head of the log was looked up. */
  | { type: "checked"; bounds: LogBounds }
  | { type: "fetched"; slice: LogSlice }
  | { type: "fetch_failed" };

export type SequencerEffect =
  | { type: "deliver"; events: LoggedEnvelope[] }
  /** Read the log after this offset, and answer with `fetched` or `fetch_failed`. */
  | { type: "fetch"; after: number }
  /** History under the subscribers is gone; they go on with what follows `head`. */
  | { type: "reset"; epoch: string; head: number; reason: "trimmed" | "epoch_changed" };

/** A burst behind a hole is fetched from the log again rather than held without bound. */
const maxHeld = 1_000;
const none: ReadonlyMap<number, LoggedEnvelope> = new Map();

export function startSequencer(bounds: LogBounds): SequencerState {
  return { epoch: bounds.epoch, head: bounds.last, held: none, fetching: false, again: false };
}

export function sequence(
  state: SequencerState,
  input: SequencerInput,
): { state: SequencerState; effects: SequencerEffect[] } {
  switch (input.type) {
    case "announced":
      return announced(state, input.event);
    case "checked":
      if (input.bounds.epoch !== state.epoch || input.bounds.last > state.head) return fetchAfresh(state);
      return { state, effects: [] };
    case "fetched":
      return fetched(state, input.slice);
    case "fetch_failed":
      // The next announcement or check asks again; what is held stays held.
      return { state: { ...state, fetching: false, again: false }, effects: [] };
  }
}

function announced(state: SequencerState, event: LoggedEnvelope): ReturnType<typeof sequence> {
  const { epoch, offset } = event.position;
  if (epoch !== state.epoch) return fetchAfresh(state);
  if (offset <= state.head) return { state, effects: [] };
  if (offset === state.head + 1 && state.held.size === 0) {
    return { state: { ...state, head: offset }, effects: [{ type: "deliver", events: [event] }] };
  }
  const held = state.held.size < maxHeld ? new Map(state.held).set(offset, event) : state.held;
  const released = release({ ...state, held }, []);
  if (released.state.held.size === 0) return released;
  const fetching = fetchHole(released.state);
  return { state: fetching.state, effects: [...released.effects, ...fetching.effects] };
}

function fetchHole(state: SequencerState): ReturnType<typeof sequence> {
  if (state.fetching) return { state, effects: [] };
  return { state: { ...state, fetching: true }, effects: [{ type: "fetch", after: state.head }] };
}

/** For what a fetch that is under way may not have seen. */
function fetchAfresh(state: SequencerState): ReturnType<typeof sequence> {
  return state.fetching ? { state: { ...state, again: true }, effects: [] } : fetchHole(state);
}

function fetched(before: SequencerState, { bounds, events }: LogSlice): ReturnType<typeof sequence> {
  const state: SequencerState = { ...before, fetching: false, again: false };
  if (bounds.epoch !== state.epoch) return reset(state, bounds, "epoch_changed");
  if (bounds.first > state.head + 1) return reset(state, bounds, "trimmed");

  const missed = events.filter((event) => event.position.offset > state.head);
  const head = missed.at(-1)?.position.offset ?? state.head;
  const released = release({ ...state, head }, missed);
  // A page that did not reach the end of the log, held events beyond another hole, or news: go on fetching.
  if (released.state.head >= bounds.last && released.state.held.size === 0 && !before.again) return released;
  const next = fetchHole(released.state);
  return { state: next.state, effects: [...released.effects, ...next.effects] };
}

/** Delivers `first`, then whatever of the held events follows without a hole. */
function release(state: SequencerState, first: LoggedEnvelope[]): ReturnType<typeof sequence> {
  const events = [...first];
  const held = new Map(state.held);
  let { head } = state;
  for (const offset of [...held.keys()].sort((a, b) => a - b)) {
    const event = held.get(offset);
    if (offset > head + 1 || !event) break;
    held.delete(offset);
    if (offset === head + 1) {
      events.push(event);
      head = offset;
    }
  }
  return { state: { ...state, head, held }, effects: events.length > 0 ? [{ type: "deliver", events }] : [] };
}

/** Goes on before the oldest event that there is now, and reads the log from there. */
function reset(
  state: SequencerState,
  { epoch, first }: LogBounds,
  reason: "trimmed" | "epoch_changed",
): ReturnType<typeof sequence> {
  const head = first - 1;
  const held = reason === "trimmed" ? state.held : none;
  return {
    state: { epoch, head, held, fetching: true, again: false },
    effects: [
      { type: "reset", epoch, head, reason },
      { type: "fetch", after: head },
    ],
  };
}
