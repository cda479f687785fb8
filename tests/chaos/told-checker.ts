import { isDelta, isResponse } from "../../server/resume/compact.ts";
import type { LoggedEnvelope } from "../../shared/envelope.ts";
import type { ResponseId } from "../../shared/ids.ts";
import type { Position } from "../../shared/position.ts";
import { type Findings, isAsLogged } from "./checker.ts";
import type { ReadRoom } from "./reader.ts";
import type { Truth } from "./truth.ts";

/** What an application was told of a room, in order. */
export type Told = { port: number; at: number } & (
  | { kind: "event"; event: LoggedEnvelope }
  /** Everything up to there was told. */
  | { kind: "joined"; position: Position }
  | { kind: "gap"; position: Position; reason: string }
);

export interface ToldRoom extends ReadRoom {
  steps: Told[];
}

const show = ({ epoch, offset }: Position) => `${epoch}:${offset}`;

/**
 * An application was told exactly what the log has, from where it began, but for the parts of responses whose whole it was
 * told, and for what it was told was gone, if it was. How it came, by pages or live, is the package's own affair. Returns
 * how often it was told that something was gone.
 */
export function checkTold(
  who: string,
  { room, steps, live }: ToldRoom,
  truth: Truth,
  stayed: boolean,
  found: Findings,
): number {
  let start: number | undefined;
  /** How many events of the log are behind it. */
  let seen = 0;
  let losses = 0;
  let mayJump = false;
  const texts = new Map<ResponseId, string>();
  const at = ({ port, at: time }: Told) =>
    `${who} in ${room} on ${port} at ${new Date(time).toISOString().slice(11, 23)}`;

  for (const step of steps) {
    if (step.kind === "event") told(step, step.event);
    else if (step.kind === "gap") gap(step);
    else joined(step);
  }
  if (losses === 0 && start !== undefined) checkTexts(start);
  if (!stayed) return losses;
  if (!live) found.unexplained.push(`${who} is not live in ${room} at the end`);
  else pass(`${who} in ${room} by the end`, truth.events.length);
  return losses;

  /** Nothing is left out but parts of responses. */
  function pass(where: string, end: number): void {
    const missing = truth.events.slice(seen, end).filter((event) => !isDelta(event));
    if (missing.length > 0) found.lost.push(`${where} was not told ${missing.map(({ id }) => id).join(", ")}`);
    seen = Math.max(seen, end);
  }

  function joined(step: Told & { kind: "joined" }): void {
    const end = truth.countUpTo(step.position);
    if (end === undefined) return void found.unexplained.push(`${at(step)}: joined at ${show(step.position)}`);
    if (start === undefined) {
      start = end;
      seen = end;
    } else if (mayJump) seen = Math.max(seen, end);
    else pass(`${at(step)}, joined at ${show(step.position)},`, end);
    mayJump = false;
  }

  function told(step: Told, event: LoggedEnvelope): void {
    const index = truth.indexOf(event.position);
    const what = `${at(step)}: ${event.type} ${event.id} at ${show(event.position)}`;
    if (start === undefined) found.unexplained.push(`${what} before it had joined`);
    if (index === undefined) return void found.unexplained.push(`${what} is not in the log`);
    if (index < seen) {
      const again = steps.some((other) => other !== step && other.kind === "event" && other.event.id === event.id);
      return void (again ? found.doubled : found.reordered).push(`${what}, after ${seen} events`);
    }
    if (!mayJump) pass(what, index);
    mayJump = false;
    seen = index + 1;
    // Parts may be one that has the place and the id of the last.
    if (isDelta(event)) texts.set(event.data.responseId, (texts.get(event.data.responseId) ?? "") + event.data.delta);
    else if (!isAsLogged(event, truth.events[index])) found.unexplained.push(`${what} is not what the log has`);
  }

  function gap(step: Told & { kind: "gap" }): void {
    losses++;
    mayJump = true;
    const what = `${at(step)}: a gap up to ${show(step.position)} (${step.reason})`;
    const to = truth.countUpTo(step.position);
    if (to === undefined) found.unexplained.push(`${what}: of no epoch that there was`);
    else if (to < seen) found.reordered.push(`${what}: goes back, from ${seen} events to ${to}`);
    else if (Math.max(to, truth.countAt(step.at)) - seen <= truth.kept)
      found.unexplained.push(`${what}, and nothing is gone`);
  }

  /** The parts of a response, put together; where its end is in the log the last of them may be left out. */
  function checkTexts(from: number): void {
    const finals = new Set(truth.events.filter(isResponse).map(({ data }) => data.responseId));
    const due = new Map<ResponseId, string>();
    for (const { data } of truth.events.slice(from, seen).filter(isDelta)) {
      due.set(data.responseId, (due.get(data.responseId) ?? "") + data.delta);
    }
    for (const [responseId, text] of due) {
      const shown = texts.get(responseId) ?? "";
      if (shown === text || (finals.has(responseId) && text.startsWith(shown))) continue;
      const where = `${who} in ${room} was told of ${responseId}`;
      found.lost.push(`${where} ${JSON.stringify(shown)} and not ${JSON.stringify(text)}`);
    }
  }
}
