import { Progress } from "@mantine/core";
import { VList } from "virtua";
import { Link } from "wouter";
import classes from "./stream-rows.module.css";

export interface StreamView {
  streamId: string;
  streamName: string;
  totalTasks: number;
  completedTasks: number;
  progressPercentage: number;
  lastUpdated: string;
  /** Titles of blocked tasks with their reasons. */
  blocked: readonly string[];
}

/** Progress of streams, and what blocks them. */
export function StreamRows({ streams }: { streams: readonly StreamView[] }) {
  return (
    <VList data={streams} className={classes.list} tabIndex={0} aria-label="Streams" role="group">
      {(stream) => <StreamRow key={stream.streamId} stream={stream} />}
    </VList>
  );
}

export function StreamRow({ stream }: { stream: StreamView }) {
  const { streamId, streamName, totalTasks, completedTasks, progressPercentage, blocked } = stream;
  const percent = Math.floor(progressPercentage);
  const isDone = totalTasks > 0 && completedTasks >= totalTasks;
  return (
    <div className={classes.row} data-stream={streamId}>
      <Link href={`/monitoring/tasks?stream=${encodeURIComponent(streamId)}`} className={classes.name}>
        {streamName}
      </Link>
      <Progress.Root
        size="lg"
        className={classes.bar}
        transitionDuration={200}
        role="progressbar"
        aria-label={`Progress of ${streamName}`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        aria-valuetext={`${percent} %`}
      >
        <Progress.Section
          value={progressPercentage}
          color={blocked.length > 0 ? "red.7" : isDone ? "teal.7" : "indigo.6"}
          withAria={false}
        />
      </Progress.Root>
      <span className={classes.numbers}>
        {percent} % · {completedTasks} / {totalTasks}
      </span>
      {blocked.length > 0 && (
        <span className={classes.blocked} title={blocked.slice(0, 20).join("\n")}>
          Blocked: {blocked[0]}
          {blocked.length > 1 && ` and ${blocked.length - 1} more`}
        </span>
      )}
    </div>
  );
}
