import { Drawer, Stack, Text, Title } from "@mantine/core";
import type { Checkpoint } from "@signalbox/client";
import { useClient } from "@signalbox/client/react";
import { useEffect, useState } from "react";
import { Link } from "wouter";
import { DefinitionList } from "../ui/definition-list.tsx";
import { JsonView } from "../ui/json-view.tsx";
import { ErrorAlert, LoadingState } from "../ui/page-states.tsx";
import { Tag } from "../ui/tag.tsx";
import { RelativeTime } from "../ui/time.tsx";
import { useEvents } from "./event-list.ts";
import { RecentEvents } from "./recent-events.tsx";
import { statusLabels, type TaskView } from "./tasks.ts";

interface TaskDrawerProps {
  /** Id of the open task. */
  id: string | undefined;
  task: TaskView | undefined;
  isReady: boolean;
  close(): void;
}

/** Details of a task. */
export function TaskDrawer({ id, task, isReady, close }: TaskDrawerProps) {
  return (
    <Drawer
      opened={id !== undefined}
      onClose={close}
      position="right"
      size="lg"
      title={task?.title ?? id}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {id !== undefined && !task && (isReady ? <Text>Task {id} does not exist.</Text> : <LoadingState rows={3} />)}
      {task && <TaskDetail key={task.id} task={task} />}
    </Drawer>
  );
}

function TaskDetail({ task }: { task: TaskView }) {
  const history = useEvents({ topics: [`task:${task.id}`, `checkpoint:${task.id}`], max: 200 });
  const { text, tone } = statusLabels[task.status];
  return (
    <Stack>
      <DefinitionList
        entries={{
          Status: <Tag tone={tone}>{text}</Tag>,
          "Blocked by": task.blockedReason,
          Stream: task.streamId && (
            <Link href={`/monitoring/tasks?stream=${encodeURIComponent(task.streamId)}`}>{task.streamId}</Link>
          ),
          Agent: task.agentId && (
            <Link href={`/monitoring/agents/${encodeURIComponent(task.agentId)}`}>{task.agentId}</Link>
          ),
          Id: task.id,
        }}
      />
      {task.metadata && <JsonView value={task.metadata} />}
      <Title order={2} size="h6">
        Checkpoints
      </Title>
      <Checkpoints
        taskId={task.id}
        eventCount={history.events.filter(({ type }) => type.startsWith("checkpoint.")).length}
      />
      <Title order={2} size="h6">
        History
      </Title>
      <RecentEvents list={history} />
    </Stack>
  );
}

/** `eventCount`: number of checkpoint events; when it changes, the list is read again. */
function Checkpoints({ taskId, eventCount }: { taskId: string; eventCount: number }) {
  const client = useClient();
  const [found, setFound] = useState<{ checkpoints?: Checkpoint[]; error?: unknown }>({});

  // biome-ignore lint/correctness/useExhaustiveDependencies: read again after another checkpoint event
  useEffect(() => {
    let isCurrent = true;
    client.monitoring.checkpoints(taskId).then(
      ({ items }) => isCurrent && setFound({ checkpoints: items }),
      (error: unknown) => isCurrent && setFound({ error }),
    );
    return () => {
      isCurrent = false;
    };
  }, [client, taskId, eventCount]);

  const { checkpoints, error } = found;
  if (error !== undefined) return <ErrorAlert error={error} />;
  if (!checkpoints) return <LoadingState rows={2} />;
  if (checkpoints.length === 0) return <Text size="sm">No checkpoints yet.</Text>;
  return (
    <Stack gap="xs">
      {checkpoints.map(({ checkpointId, label, state, createdAt }) => (
        <div key={checkpointId}>
          <Text size="sm">
            <b>{label ?? checkpointId}</b> <RelativeTime at={createdAt} />
          </Text>
          {state && <JsonView value={state} />}
        </div>
      ))}
    </Stack>
  );
}
