import type { LoggedEnvelope } from "../../shared/envelope.ts";
import type { LogBounds, LogSlice } from "../store/log/event-log.ts";

/**
 * Puts the announcements of one log into offset order, although some may be lost, doubled or delayed.
 * Pure: the driver in `log-tail.ts` carries the effects out.
 *
 *   announced n+1 ─► deliver            announced ≤ n ─► drop
 *   announced > n+1 ─► hold, fetch the gap ─► fetched ─► deliver it, then the held events
 *   checked: log is ahead ─► fetch      log starts after the gap, or in a new epoch ─► reset
 *
 * At most one fetch is under way, and only its result resets: a late result or check of an older epoch cannot bring
 * that epoch back.
 */
export interface SequencerState {
  epoch: string;
  /** Offset of the last event delivered. */
  head: number;
  /** Events announced too early, by offset. Empty unless a gap is being fetched. */
  held: ReadonlyMap<number, LoggedEnvelope>;
  fetching: boolean;
  /** The log has grown since the fetch was sent, which may have read before that: fetch once more. */
  again: boolean;
}

export type SequencerInput =
  | { type: "announced"; event: LoggedEnvelope }
  /** The end of the log was read. */
  | { type: "checked"; bounds: LogBounds }
  | { type: "fetched"; slice: LogSlice }
  | { type: "fetch_failed" };

export type SequencerEffect =
  | { type: "deliver"; events: LoggedEnvelope[] }
  /** Read the log after this offset, and report `fetched` or `fetch_failed`. */
  | { type: "fetch"; after: number }
  /** History that subscribers had not received is gone; they continue after `head`. */
  | { type: "reset"; epoch: string; head: number; reason: "trimmed" | "epoch_changed" };

/** Beyond this, a burst behind a gap is fetched from the log again. */
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
      if (input.bounds.epoch !== state.epoch || input.bounds.last > state.head) return fetchAgain(state);
      return { state, effects: [] };
    case "fetched":
      return fetched(state, input.slice);
    case "fetch_failed":
      // The next announcement or check fetches again; held events stay held.
      return { state: { ...state, fetching: false, again: false }, effects: [] };
  }
}

function announced(state: SequencerState, event: LoggedEnvelope): ReturnType<typeof sequence> {
  const { epoch, offset } = event.position;
  if (epoch !== state.epoch) return fetchAgain(state);
  if (offset <= state.head) return { state, effects: [] };
  if (offset === state.head + 1 && state.held.size === 0) {
    return { state: { ...state, head: offset }, effects: [{ type: "deliver", events: [event] }] };
  }
  const held = state.held.size < maxHeld ? new Map(state.held).set(offset, event) : state.held;
  const released = release({ ...state, held }, []);
  if (released.state.held.size === 0) return released;
  const fetching = fetchGap(released.state);
  return { state: fetching.state, effects: [...released.effects, ...fetching.effects] };
}

function fetchGap(state: SequencerState): ReturnType<typeof sequence> {
  if (state.fetching) return { state, effects: [] };
  return { state: { ...state, fetching: true }, effects: [{ type: "fetch", after: state.head }] };
}

/** Fetches events that a fetch under way may have missed. */
function fetchAgain(state: SequencerState): ReturnType<typeof sequence> {
  return state.fetching ? { state: { ...state, again: true }, effects: [] } : fetchGap(state);
}

function fetched(before: SequencerState, { bounds, events }: LogSlice): ReturnType<typeof sequence> {
  const state: SequencerState = { ...before, fetching: false, again: false };
  if (bounds.epoch !== state.epoch) return reset(state, bounds, "epoch_changed");
  if (bounds.first > state.head + 1) return reset(state, bounds, "trimmed");

  const missed = events.filter((event) => event.position.offset > state.head);
  const head = missed.at(-1)?.position.offset ?? state.head;
  const released = release({ ...state, head }, missed);
  // The page did not reach the end of the log, events are held behind another gap, or the log has grown: fetch on.
  if (released.state.head >= bounds.last && released.state.held.size === 0 && !before.again) return released;
  const next = fetchGap(released.state);
  return { state: next.state, effects: [...released.effects, ...next.effects] };
}

/** Delivers `first`, then the held events that follow without a gap. */
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

/** Continues before the oldest event that is left, and reads the log from there. */
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
