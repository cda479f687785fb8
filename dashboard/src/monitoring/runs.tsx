import { Progress, Text } from "@mantine/core";
import { Link } from "wouter";
import { LoadingState } from "../ui/page-states.tsx";
import { Tag, type Tone } from "../ui/tag.tsx";
import { formatDuration, RelativeTime } from "../ui/time.tsx";
import type { Run } from "./agents.ts";
import classes from "./runs.module.css";

const tones: Record<Run["status"], Tone> = {
  running: "busy",
  completed: "good",
  failed: "bad",
  lost: "bad",
  cancelled: "quiet",
};

const maxRuns = 50;

/** Runs of an agent, with progress and result. */
export function Runs({ runs, isReady }: { runs: readonly Run[]; isReady: boolean }) {
  if (runs.length === 0) {
    return isReady ? <Text size="sm">No runs in the log.</Text> : <LoadingState rows={2} />;
  }
  return (
    <ul className={classes.runs}>
      {runs.slice(0, maxRuns).map((run) => (
        <li key={run.key} className={classes.run}>
          <span>
            <Tag tone={tones[run.status]}>{run.status}</Tag>
          </span>
          <span className={classes.content} title={run.content}>
            {run.content || run.messageId}
          </span>
          <span className={classes.time}>
            {run.endedAt === undefined ? (
              <RelativeTime at={run.startedAt} />
            ) : (
              formatDuration(Date.parse(run.endedAt) - Date.parse(run.startedAt))
            )}
          </span>
          {run.status === "running" && run.percent !== undefined && (
            <Progress.Root
              size="sm"
              className={classes.bar}
              transitionDuration={200}
              role="progressbar"
              aria-label={`Progress of ${run.content || run.messageId}`}
              aria-valuemin={0}
              aria-valuemax={100}
              aria-valuenow={run.percent}
            >
              <Progress.Section value={run.percent} withAria={false} />
            </Progress.Root>
          )}
          <span className={classes.more}>
            {[
              run.attempt > 1 && `attempt ${run.attempt}`,
              `${run.steps} ${run.steps === 1 ? "step" : "steps"}`,
              run.message,
            ]
              .filter(Boolean)
              .join(" · ")}
            {run.taskId !== undefined && (
              <>
                {" · "}
                <Link href={`/monitoring/tasks/${encodeURIComponent(run.taskId)}`}>task {run.taskId}</Link>
              </>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}
