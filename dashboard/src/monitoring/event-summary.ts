import type { Envelope } from "@signalbox/client";
import { formatNumber } from "../ui/format-number.ts";
import type { Tone } from "../ui/tag.tsx";

type Data = Record<string, unknown>;

/** Summary of an event in one line. */
export function summaryOf({ data }: Pick<Envelope, "type" | "data">): string {
  const { title, taskId, oldStatus, newStatus, blockedReason, component, status, metrics, progressPercentage } =
    data as Data;
  const { completedTasks, totalTasks, streamName, reason, error, progressText, percent, content, tool, ok } =
    data as Data;
  const { activity, label, agentId, fromAgent, toAgent, checkpointId, capabilities, durationMs } = data as Data;
  if (newStatus !== undefined) return join(`${oldStatus} → ${newStatus}`, blockedReason);
  if (progressPercentage !== undefined) {
    return `${streamName}: ${Math.round(Number(progressPercentage))} %, ${completedTasks} of ${totalTasks}`;
  }
  if (metrics !== undefined) {
    const named = Object.entries(metrics as Record<string, number>).map(
      ([name, value]) => `${name} ${formatNumber(value)}`,
    );
    return join(component, named.join(", "));
  }
  if (component !== undefined) return `${component}: ${status}`;
  if (tool !== undefined)
    return join(`${tool} ${ok ? "succeeded" : "failed"}`, durationMs !== undefined && `${durationMs} ms`);
  if (activity !== undefined) return String(activity);
  if (toAgent !== undefined) return join(`${fromAgent} → ${toAgent}`, reason);
  if (checkpointId !== undefined) return String(label ?? checkpointId);
  if (error !== undefined) return join(status, error);
  if (progressText !== undefined || percent !== undefined) {
    return join(percent !== undefined ? `${percent} %` : status, progressText);
  }
  if (content !== undefined) return String(content);
  if (title !== undefined) return join(title, status, blockedReason);
  if (capabilities !== undefined) return `${agentId}: ${(capabilities as string[]).join(", ") || "no capabilities"}`;
  if (reason !== undefined) return String(reason);
  return String(status ?? taskId ?? agentId ?? "");
}

const join = (...parts: unknown[]) =>
  parts.filter((part) => part !== undefined && part !== false && part !== "").join(": ");

const tones: Record<string, Tone> = {
  "task.completed": "good",
  "stream.completed": "good",
  agent_connected: "good",
  agent_response: "good",
  agent_completed: "good",
  "task.blocked": "bad",
  "stream.blocked": "bad",
  agent_error: "bad",
  agent_heartbeat_lost: "bad",
  alert_created: "waiting",
  agent_disconnected: "waiting",
  agent_progress: "busy",
  "stream.progress": "busy",
  task_dispatched: "busy",
  tool_executed: "busy",
};

export function toneOf(type: string): Tone {
  return tones[type] ?? "quiet";
}
