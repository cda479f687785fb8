import { type Agent, type Envelope, EventType } from "@signalbox/client";
import { isEvent } from "../ui/is-event.ts";
import type { Tone } from "../ui/tag.tsx";

export const verdictTones: Record<Agent["verdict"]["state"], Tone> = {
  progressing: "good",
  heartbeating: "good",
  connected: "busy",
  stalled: "bad",
  gone: "quiet",
};

/** By urgency. */
const order: readonly Agent["verdict"]["state"][] = ["stalled", "progressing", "heartbeating", "connected", "gone"];

export function byUrgency(agents: readonly Agent[]): Agent[] {
  return [...agents].sort(
    (one, other) =>
      order.indexOf(one.verdict.state) - order.indexOf(other.verdict.state) ||
      one.agentId.localeCompare(other.agentId, undefined, { numeric: true }),
  );
}

/** One attempt of an agent at a dispatch, reconstructed from its events. */
export interface Run {
  key: string;
  messageId: string;
  attempt: number;
  status: "running" | "completed" | "failed" | "cancelled" | "lost";
  content: string;
  taskId: string | undefined;
  sessionId: string | undefined;
  percent: number | undefined;
  /** The latest progress text, or the result. */
  message: string;
  startedAt: string;
  endedAt: string | undefined;
  steps: number;
}

interface Attempt {
  messageId: string;
  attempt: number;
}

/** Newest first. When the start of a run is no longer in the log, it starts with its first known event. */
export function runsOf(events: readonly Envelope[]): Run[] {
  const runs = new Map<string, Run>();

  function runOf({ timestamp, data: { messageId, attempt } }: { timestamp: string; data: Attempt }): Run {
    const key = `${messageId} ${attempt}`;
    const known = runs.get(key);
    if (known) return known;
    const run: Run = {
      key,
      messageId,
      attempt,
      status: "running",
      content: "",
      taskId: undefined,
      sessionId: undefined,
      percent: undefined,
      message: "",
      startedAt: timestamp,
      endedAt: undefined,
      steps: 0,
    };
    runs.set(key, run);
    return run;
  }

  for (const event of events) {
    if (isEvent(event, EventType.TaskDispatched)) {
      const { content, taskId, sessionId } = event.data;
      Object.assign(runOf(event), { content, taskId, sessionId, startedAt: event.timestamp });
    } else if (isEvent(event, EventType.AgentProgress)) {
      const run = runOf(event);
      run.steps += 1;
      run.percent = event.data.percent ?? run.percent;
      run.message = event.data.progressText ?? event.data.status;
    } else if (isEvent(event, EventType.AgentResponse)) {
      Object.assign(runOf(event), {
        status: "completed",
        percent: 100,
        endedAt: event.timestamp,
        message: event.data.content ?? "",
      });
    } else if (isEvent(event, EventType.AgentError)) {
      Object.assign(runOf(event), { status: event.data.status, endedAt: event.timestamp, message: event.data.error });
    }
  }
  return [...runs.values()].reverse();
}
