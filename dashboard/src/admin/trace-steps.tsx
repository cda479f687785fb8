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
  { key: "at", title: "At", width: "6.5rem", cell: ({ at }) => <ClockTime at={at} /> },
  { key: "step", title: "Step", width: "6.5rem", cell: ({ step }) => <Tag tone={tones[step]}>{step}</Tag> },
  {
    key: "what",
    title: "What",
    width: "minmax(0, 2fr)",
    cell: (step) => <span title={whatOf(step)}>{whatOf(step)}</span>,
  },
  { key: "who", title: "Who", width: "minmax(0, 1fr)", isForWide: true, cell: whoOf },
  { key: "where", title: "Instance", width: "minmax(0, 1fr)", isForWide: true, cell: ({ instanceId }) => instanceId },
];

export function TraceSteps({ steps }: { steps: readonly Row[] }) {
  return <VirtualTable label="Steps, newest first" rows={steps} columns={columns} keyOf={({ key }) => key} />;
}

function whatOf(step: TraceStep): string {
  switch (step.step) {
    case "command":
      return `${step.command}: ${step.code ?? "carried out"}, ${step.milliseconds.toFixed(1)} ms`;
    case "published":
      return eventWords(step.event);
    case "audience":
      return `${eventWords(step.event)}, for ${step.connections} here`;
    case "delivered":
      return `${eventWords(step.event)}, behind ${step.backlogBytes.toLocaleString()} bytes`;
    case "written":
      return `${eventWords(step.event)}, after ${step.milliseconds.toFixed(1)} ms`;
    case "dropped":
      return `${eventWords(step.event)}: ${step.why.replaceAll("_", " ")}`;
    case "left_out":
      return `${step.steps.toLocaleString()} steps were left out: more happened than is told.`;
  }
}

function whoOf(step: TraceStep): string {
  if (step.step === "published") return step.by ?? "the server";
  return "userId" in step ? step.userId : "";
}

function eventWords({ type, room, position }: Extract<TraceStep, { event: unknown }>["event"]): string {
  return `${type} in ${room}${position ? ` at ${position.offset}` : ""}`;
}
