import type { LostReason } from "../../shared/commands/fields.ts";
import type { LoggedEnvelope } from "../../shared/envelope.ts";
import type { Position } from "../../shared/position.ts";
import type { LogTail } from "../deliver/log-tail.ts";
import type { LogBounds } from "../store/log/event-log.ts";
import type { LogReads } from "./share-reads.ts";

/** The part of a join's reply that is about history. */
export interface Resumed {
  joined: boolean;
  position: Position;
  events: LoggedEnvelope[];
  /** Whether newer events follow `position`. It says nothing of older ones. */
  hasMore: boolean;
  recovered?: boolean;
  lostReason?: LostReason;
}

/**
 * History read up to a cursor, which is never ahead of what the tail has delivered. `finish` closes the gap between the
 * two and is synchronous: if its result says `joined` and the connection goes live in the same tick, then the first
 * live event is the one right after `position`.
 */
export interface CatchUp {
  /** `false`: there is more than a page to read first, and `finish` will not say `joined`. */
  reachesLive: boolean;
  finish(): Resumed;
}

/** What a catch-up reads, and into which page. */
interface CatchUpSource {
  page: {
    readonly events: LoggedEnvelope[];
    /** Adds an event that is newer than the page. Returns `false`, and changes nothing, if the page is full. */
    append(event: LoggedEnvelope): boolean;
    /** Adds an event that is newer than the page. If the page is full, the oldest entries are dropped. */
    push(event: LoggedEnvelope): void;
  };
  /** How many events are read, and parsed, in one go. */
  readAtOnce: number;
  /** The number of events that one request reads; the client continues from there. Default: all. */
  scannedMax?: number;
  /** Called with events before they are appended. */
  prepare?(events: LoggedEnvelope[]): Promise<void>;
  /** Fills the page with the latest events up to the head. */
  fillLatest(head: Position): Promise<void>;
}

/** Brings a client from its position, or from the latest events, to the last event that the tail has delivered. */
export async function startCatchUp(
  log: Pick<LogReads, "bounds" | "read">,
  tail: LogTail,
  after: Position | undefined,
  source: CatchUpSource,
): Promise<CatchUp> {
  const { page, fillLatest } = source;
  const lostReason = after && lossOf(after, await log.bounds(tail.name));
  if (!after || lostReason) {
    const cursor = tail.head;
    await fillLatest(cursor);
    const lost = lostReason ? { recovered: false, lostReason } : {};
    return { reachesLive: true, finish: () => ({ ...finishLatest(tail, page, cursor), ...lost }) };
  }
  // The client was served by an instance that is ahead of this one.
  await tail.waitUntil(after.offset);
  const { cursor, isWhole } = await readForward(log, tail, after, source);
  return { reachesLive: isWhole, finish: () => finishForward(tail, page, cursor, isWhole) };
}

/** Reads what follows `after`, until the tail's head is reached, the page is full, or `scannedMax` events were read. */
async function readForward(
  log: Pick<LogReads, "read">,
  tail: LogTail,
  after: Position,
  { page, readAtOnce, scannedMax = Number.POSITIVE_INFINITY, prepare }: CatchUpSource,
): Promise<{ cursor: Position; isWhole: boolean }> {
  let cursor = after;
  for (let left = scannedMax; cursor.offset < tail.head.offset && cursor.epoch === tail.head.epoch; ) {
    if (left <= 0) return { cursor, isWhole: false };
    const count = Math.min(readAtOnce, left, tail.head.offset - cursor.offset);
    const { events, bounds } = await log.read(tail.name, cursor.offset, count);
    if (events.length === 0 || lossOf(cursor, bounds)) break;
    await prepare?.(events);
    for (const event of events) {
      if (!page.append(event)) return { cursor, isWhole: false };
      cursor = event.position;
    }
    left -= events.length;
  }
  return { cursor, isWhole: true };
}

type Page = CatchUpSource["page"];

/** The events that the tail has delivered after the cursor, or `undefined` if its ring no longer has all of them. */
function sinceCursor(tail: LogTail, cursor: Position): LoggedEnvelope[] | undefined {
  return cursor.epoch === tail.head.epoch ? tail.eventsAfter(cursor.offset) : undefined;
}

function finishLatest(tail: LogTail, page: Page, cursor: Position): Resumed {
  const since = sinceCursor(tail, cursor);
  if (!since) return { joined: false, position: cursor, events: page.events, hasMore: true };
  for (const event of since) page.push(event);
  return { joined: true, position: tail.head, events: page.events, hasMore: false };
}

function finishForward(tail: LogTail, page: Page, cursor: Position, isWhole: boolean): Resumed {
  const since = isWhole ? sinceCursor(tail, cursor) : undefined;
  let position = cursor;
  for (const event of since ?? []) {
    if (!page.append(event)) break;
    position = event.position;
  }
  const joined = since !== undefined && position.offset === tail.head.offset;
  return { joined, position, events: page.events, hasMore: !joined, recovered: true };
}

/** Why the log no longer has all events after the position, or `undefined` if it has. */
export function lossOf(position: Position, bounds: LogBounds): LostReason | undefined {
  if (position.epoch !== bounds.epoch) return "epoch_changed";
  if (position.offset > bounds.last) return "ahead_of_log";
  if (position.offset < bounds.first - 1) return "trimmed";
  return undefined;
}
