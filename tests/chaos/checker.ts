import { isDeepStrictEqual } from "node:util";
import { isDelta, isResponse } from "../../server/resume/compact.ts";
import type { LoggedEnvelope } from "../../shared/envelope.ts";
import type { ResponseId } from "../../shared/ids.ts";
import type { Position } from "../../shared/position.ts";
import type { Seen } from "./link.ts";
import type { Step, Track } from "./subscriber.ts";
import type { Truth } from "./truth.ts";
import type { Accepted } from "./writers.ts";

export interface Findings {
  /** Accepted and not in the log, or in the log and not seen. */
  lost: string[];
  doubled: string[];
  reordered: string[];
  /** In the log itself: parts of streamed responses that are doubled, not in their order, or behind the end. */
  parts: string[];
  /** Responses that have no end. */
  unended: string[];
  /** Tasks and streams that are not what was accepted, or do not add up. */
  tasks: string[];
  /** Anything else that must not be. */
  unexplained: string[];
}

export const noFindings = (): Findings => ({
  lost: [],
  doubled: [],
  reordered: [],
  parts: [],
  unended: [],
  tasks: [],
  unexplained: [],
});

const show = (position: Position | undefined) => (position ? `${position.epoch}:${position.offset}` : "the beginning");

/** Everything that was accepted is in the log once, where the reply said, after what its writer sent before. */
export function checkAccepted(accepted: readonly Accepted[], truth: Truth, found: Findings): void {
  const timesSeen = new Map<string, number>();
  for (const { id, sender } of truth.events) {
    const key = `${sender?.userId} ${id}`;
    timesSeen.set(key, (timesSeen.get(key) ?? 0) + 1);
  }
  for (const { id, text, position, userId, after, by } of accepted) {
    const index = truth.indexOf(position);
    const event = index === undefined ? undefined : truth.events[index];
    const times = timesSeen.get(`${userId} ${id}`) ?? 0;
    if (times === 0) found.lost.push(`${truth.room}: ${id} of ${by}, accepted at ${show(position)}, is not in the log`);
    else if (event?.id !== id) found.unexplained.push(`${truth.room}: ${id} of ${by} is not at ${show(position)}`);
    else if (!isDeepStrictEqual((event.data as { message?: string }).message, text)) {
      found.unexplained.push(`${truth.room}: ${id} of ${by} does not say what was sent`);
    }
    if (times > 1) found.doubled.push(`${truth.room}: ${id} of ${by} is in the log ${times} times`);
    const before = after && truth.indexOf(after.position);
    if (before !== undefined && index !== undefined && before >= index) {
      found.reordered.push(`${truth.room}: ${id} of ${by} stands before ${after?.id}, which was accepted first`);
    }
  }
  const known = new Set(accepted.map(({ userId, id }) => `${userId} ${id}`));
  for (const event of truth.events) {
    if (isDelta(event) || isEndOfServer(event) || known.has(`${event.sender?.userId} ${event.id}`)) continue;
    found.unexplained.push(`${truth.room}: ${event.type} ${event.id} at ${show(event.position)} was never accepted`);
  }
}

/** Or the producer's own, which is the same to those who read. */
const isEndOfServer = (event: LoggedEnvelope) => isResponse(event) && event.data.status !== "complete";

export type Pieces = ReadonlyMap<string, { taken: readonly number[]; doubtful: ReadonlySet<number> }>;

/**
 * The pieces of each response are numbered without a hole, in the order in which they were sent, and end with the whole.
 * Returns how many pieces were taken and are not in the log, which may happen to a few when an instance dies.
 */
export function checkResponses(truth: Truth, pieces: Pieces, found: Findings): number {
  const responses = new Map<string, { next: number; seen: Set<number>; last: number; text: string; ended: boolean }>();
  for (const event of truth.events) {
    if (!isDelta(event) && !isResponse(event)) continue;
    const { responseId } = event.data;
    const at = `${truth.room}: ${responseId} at ${show(event.position)}`;
    const known = responses.get(responseId) ?? { next: 0, seen: new Set(), last: 0, text: "", ended: false };
    responses.set(responseId, known);
    if (known.ended) found.parts.push(`${at}: ${event.type} after the end`);
    if (isResponse(event)) {
      known.ended = true;
      if (event.data.status === "failed" && event.data.message !== known.text)
        found.parts.push(`${at}: ended by the server as ${event.data.message} after ${known.text}`);
      continue;
    }
    if (event.data.index !== known.next)
      found.parts.push(`${at}: part ${event.data.index} where ${known.next} was due`);
    known.next = event.data.index + 1;
    known.text += event.data.delta;
    for (const piece of event.data.delta.trim().split(" ").map(Number)) {
      if (known.seen.has(piece)) found.parts.push(`${at}: the text ${piece} twice`);
      known.seen.add(piece);
      // What was sent to an instance that was frozen arrives when it goes on, whatever was sent elsewhere meanwhile.
      if (pieces.get(responseId)?.doubtful.has(piece)) continue;
      if (piece < known.last) found.parts.push(`${at}: the text ${piece} after ${known.last}`);
      known.last = Math.max(piece, known.last);
    }
  }
  let missing = 0;
  for (const [responseId, { seen, ended }] of responses) {
    if (!ended) found.unended.push(`${truth.room}: ${responseId}`);
    missing += pieces.get(responseId)?.taken.filter((piece) => !seen.has(piece)).length ?? 0;
  }
  return missing;
}

/**
 * A subscriber saw exactly what the log has, from where it began, but for the parts of responses whose whole it saw and
 * for what it was told was gone, if it was. Returns how often it was told so.
 */
export function checkTrack(
  who: string,
  { room, steps, live }: Track,
  truth: Truth,
  stayed: boolean,
  found: Findings,
): number {
  /** How many events of the log are behind the subscriber. */
  let seen: number | undefined;
  let losses = 0;
  const finals = new Set(truth.events.filter(isResponse).map(({ data }) => data.responseId));
  const at = ({ port, at: time }: Step) =>
    `${who} in ${room} on ${port} at ${new Date(time).toISOString().slice(11, 23)}`;

  for (const step of steps) {
    if (step.kind === "live") seen = checkLive(step, seen);
    else if (step.kind === "reset") {
      const to = truth.countUpTo(step.position);
      checkLoss(`${at(step)}: reset to ${show(step.position)} (${step.reason})`, seen, to, truth.countAt(step.at));
      seen = to ?? seen;
    } else seen = checkPage(step, seen);
  }
  if (!stayed) return losses;
  if (!live) found.unexplained.push(`${who} is not live in ${room} at the end`);
  else if (seen !== truth.events.length) {
    found.lost.push(`${who} in ${room} saw ${seen} of ${truth.events.length} events by the end`);
  }
  return losses;

  /** Told that what follows `before` is gone: it is when the log had more behind it than it keeps. */
  function checkLoss(what: string, before: number | undefined, to: number | undefined, last: number): void {
    losses++;
    if (to === undefined || before === undefined) found.unexplained.push(`${what}: of no epoch that there was`);
    else if (to < before) found.reordered.push(`${what}: goes back, from ${before} events to ${to}`);
    else if (last - before <= truth.kept) found.unexplained.push(`${what}, and nothing is gone`);
  }

  function checkLive(step: Step & { kind: "live" }, before: number | undefined): number | undefined {
    const { event, joined } = step;
    const index = event.position && truth.indexOf(event.position);
    if (!joined) found.unexplained.push(`${at(step)}: ${event.id} came live before the room was joined`);
    if (index === undefined) {
      found.unexplained.push(`${at(step)}: ${event.id} at ${show(event.position)} is not in the log`);
      return before;
    }
    compare(step, event, index);
    if (before === undefined || index === before) return index + 1;
    return outOfPlace(step, event, index, before);
  }

  function outOfPlace(step: Step, event: Seen, index: number, before: number): number {
    const what = `${event.type} ${event.id} at ${show(event.position)}, after ${show(truth.events[before - 1]?.position)}`;
    if (index < before) {
      const again = steps.some((other) => other !== step && has(other, event));
      (again ? found.doubled : found.reordered).push(`${at(step)}: ${what}`);
      return before;
    }
    found.lost.push(`${at(step)}: ${index - before} events before ${what}`);
    return index + 1;
  }

  function checkPage(step: Step & { kind: "page" }, before: number | undefined): number | undefined {
    const { after, reply } = step;
    const end = truth.countUpTo(reply.position);
    if (end === undefined) {
      found.unexplained.push(`${at(step)}: a page up to ${show(reply.position)}, of no epoch that there was`);
      return before;
    }
    if (reply.recovered === false) {
      const what = `${at(step)}: ${reply.lostReason} after ${show(after)} up to ${show(reply.position)}`;
      checkLoss(what, before, end, Math.max(end, truth.countAt(step.at)));
    }
    // The latest events: the subscriber begins here.
    const start = after && reply.recovered ? truth.countUpTo(after) : undefined;
    const expected = truth.events.slice(start ?? 0, end);
    if (start !== undefined && start !== before) {
      found.unexplained.push(`${at(step)}: asked from ${show(after)}, event ${start}, and had seen ${before}`);
    }
    if (start !== undefined && end < start)
      found.reordered.push(`${at(step)}: a page that goes back to ${show(reply.position)}`);

    checkWhole(step, expected, start !== undefined);
    if (start !== undefined) checkParts(step, expected);
    return end;
  }

  /** What is not merged: all of it, or, where the page began somewhere, its end. */
  function checkWhole(step: Step & { kind: "page" }, expected: LoggedEnvelope[], complete: boolean): void {
    const got = step.reply.events.filter((event) => !isDelta(event));
    const whole = expected.filter((event) => !isDelta(event));
    const due = complete ? whole : whole.slice(whole.length - got.length);
    const gotIds = got.map(({ position }) => position.offset);
    const dueIds = due.map(({ position }) => position.offset);
    for (const event of got) {
      const index = truth.indexOf(event.position);
      if (index !== undefined) compare(step, event, index);
    }
    if (isDeepStrictEqual(gotIds, dueIds)) return;
    const missing = dueIds.filter((offset) => !gotIds.includes(offset));
    const extra = gotIds.filter((offset, i) => !dueIds.includes(offset) || gotIds.indexOf(offset) !== i);
    const where = `${at(step)}: the page after ${show(step.after)} up to ${show(step.reply.position)}`;
    if (missing.length > 0) found.lost.push(`${where} has not ${missing.join(", ")}`);
    if (extra.length > 0) found.doubled.push(`${where} has also ${extra.join(", ")}`);
    if (missing.length + extra.length === 0) found.reordered.push(`${where} is ${gotIds.join(", ")}`);
  }

  /** Parts of one response are one event with all their text, or left out where the whole is in the log. */
  function checkParts(step: Step & { kind: "page" }, expected: LoggedEnvelope[]): void {
    const due = new Map<ResponseId, string>();
    for (const { data } of expected.filter(isDelta)) {
      due.set(data.responseId, (due.get(data.responseId) ?? "") + data.delta);
    }
    const got = new Map<ResponseId, string>();
    for (const { data } of step.reply.events.filter(isDelta)) {
      if (got.has(data.responseId)) found.doubled.push(`${at(step)}: two parts of ${data.responseId} in a page`);
      got.set(data.responseId, (got.get(data.responseId) ?? "") + data.delta);
    }
    for (const [responseId, text] of due) {
      const shown = got.get(responseId) ?? "";
      got.delete(responseId);
      if (shown === text || (finals.has(responseId) && text.startsWith(shown))) continue;
      const where = `${at(step)}: the page after ${show(step.after)} up to ${show(step.reply.position)}`;
      found.lost.push(`${where} has of ${responseId} ${JSON.stringify(shown)} and not ${JSON.stringify(text)}`);
    }
    for (const [responseId, text] of got) {
      found.doubled.push(`${at(step)}: ${JSON.stringify(text)} of ${responseId} is not of this page`);
    }
  }

  /** The same event, as far as its door shows it. */
  function compare(step: Step, event: Seen, index: number): void {
    const logged = truth.events[index];
    const { id } = event;
    if (isAsLogged(event, logged)) return;
    found.unexplained.push(`${at(step)}: ${id} at ${show(event.position)} is not what the log has`);
  }
}

/** Whether an event that somebody saw is the one of the log. */
export function isAsLogged(event: Seen, logged: LoggedEnvelope | undefined): boolean {
  return isDeepStrictEqual(pick(event), logged && pick(logged));
}

const pick = ({ id, type, data, sender, timestamp }: Seen) => ({ id, type, data, sender, timestamp });

function has(step: Step, { position }: Seen): boolean {
  if (step.kind === "reset") return false;
  const events: Seen[] = step.kind === "live" ? [step.event] : step.reply.events;
  return events.some((event) => event.position?.offset === position?.offset);
}
