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
import { statusWords, type TaskView } from "./tasks.ts";

interface TaskDrawerProps {
  /** Which task is open. */
  id: string | undefined;
  task: TaskView | undefined;
  isReady: boolean;
  close(): void;
}

/** A task in full, beside the list that it was found in. */
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
      {id !== undefined && !task && (isReady ? <Text>There is no task {id}.</Text> : <LoadingState rows={3} />)}
      {task && <TaskDetail key={task.id} task={task} />}
    </Drawer>
  );
}

function TaskDetail({ task }: { task: TaskView }) {
  const history = useEvents({ topics: [`task:${task.id}`, `checkpoint:${task.id}`], most: 200 });
  const { word, tone } = statusWords[task.status];
  return (
    <Stack>
      <DefinitionList
        facts={{
          Status: <Tag tone={tone}>{word}</Tag>,
          "Held up by": task.blockedReason,
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
        known={history.events.filter(({ type }) => type.startsWith("checkpoint.")).length}
      />
      <Title order={2} size="h6">
        History
      </Title>
      <RecentEvents list={history} />
    </Stack>
  );
}

/** `known`: how many were told of; another number means that there is more to read. */
function Checkpoints({ taskId, known }: { taskId: string; known: number }) {
  const client = useClient();
  const [found, setFound] = useState<{ checkpoints?: Checkpoint[]; error?: unknown }>({});

  // biome-ignore lint/correctness/useExhaustiveDependencies: read again when another was told of
  useEffect(() => {
    let isWanted = true;
    client.monitoring.checkpoints(taskId).then(
      ({ items }) => isWanted && setFound({ checkpoints: items }),
      (error: unknown) => isWanted && setFound({ error }),
    );
    return () => {
      isWanted = false;
    };
  }, [client, taskId, known]);

  const { checkpoints, error } = found;
  if (error !== undefined) return <ErrorAlert error={error} />;
  if (!checkpoints) return <LoadingState rows={2} />;
  if (checkpoints.length === 0) return <Text size="sm">None yet: nothing to resume from.</Text>;
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
