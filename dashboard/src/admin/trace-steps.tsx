import { Tag, type Tone } from "../ui/tag.tsx";
import { ClockTime } from "../ui/time.tsx";
import { type Column, VirtualTable } from "../ui/virtual-table.tsx";
import type { TraceStep } from "./types.ts";

type Row = TraceStep & { key: number };

const tones: Record<TraceStep["step"], Tone> = {
  command: "quiet",
  published: "busy",
  audience: "quiet",
  delivered: "good",
  written: "good",
  dropped: "bad",
  left_out: "waiting",
};

const columns: Column<Row>[] = [
  { key: "at", title: "Time", width: "6.5rem", cell: ({ at }) => <ClockTime at={at} /> },
  { key: "step", title: "Step", width: "6.5rem", cell: ({ step }) => <Tag tone={tones[step]}>{step}</Tag> },
  {
    key: "what",
    title: "Details",
    width: "minmax(0, 2fr)",
    cell: (step) => <span title={descriptionOf(step)}>{descriptionOf(step)}</span>,
  },
  { key: "who", title: "User", width: "minmax(0, 1fr)", isWideOnly: true, cell: userOf },
  { key: "where", title: "Instance", width: "minmax(0, 1fr)", isWideOnly: true, cell: ({ instanceId }) => instanceId },
];

export function TraceSteps({ steps }: { steps: readonly Row[] }) {
  return <VirtualTable label="Steps, newest first" rows={steps} columns={columns} keyOf={({ key }) => key} />;
}

function descriptionOf(step: TraceStep): string {
  switch (step.step) {
    case "command":
      return `${step.command}: ${step.code ?? "ok"}, ${step.milliseconds.toFixed(1)} ms`;
    case "published":
      return eventText(step.event);
    case "audience":
      return `${eventText(step.event)}, ${step.connections} connections on this instance`;
    case "delivered":
      return `${eventText(step.event)}, ${step.backlogBytes.toLocaleString()} bytes queued before it`;
    case "written":
      return `${eventText(step.event)}, after ${step.milliseconds.toFixed(1)} ms`;
    case "dropped":
      return `${eventText(step.event)}: ${step.why.replaceAll("_", " ")}`;
    case "left_out":
      return `${step.steps.toLocaleString()} steps omitted: too many to show.`;
  }
}

function userOf(step: TraceStep): string {
  if (step.step === "published") return step.by ?? "server";
  return "userId" in step ? step.userId : "";
}

function eventText({ type, room, position }: Extract<TraceStep, { event: unknown }>["event"]): string {
  return `${type} in ${room}${position ? ` at ${position.offset}` : ""}`;
}
