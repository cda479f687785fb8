import type { Task } from "../../shared/entities/task.ts";
import type { StreamProgress } from "../../shared/entities/task-stream.ts";
import type { Client } from "../client.ts";
import { createLiveList, type LiveListView } from "./live-list.ts";
import { storesOf, useClient, useStore } from "./provider.ts";

const aboutTasks: readonly string[] = ["task.created", "task.updated", "task.blocked", "task.completed"];
const aboutStreams: readonly string[] = ["stream.progress", "stream.completed", "stream.blocked"];

/** With an empty key: all tasks. */
const taskStore = storesOf((client: Client, streamId: string) =>
  createLiveList<Task>(client, {
    // A task may move into the stream from another one.
    topics: ["task:*"],
    list: () => client.monitoring.tasks(streamId === "" ? {} : { streamId }),
    idOf: ({ id }) => id,
    apply: ({ type, data }) => (aboutTasks.includes(type) ? (data as Task) : undefined),
    includes: (task) => streamId === "" || task.streamId === streamId,
  }),
);

const streamStore = storesOf((client: Client) =>
  createLiveList<StreamProgress>(client, {
    topics: ["stream:*"],
    list: async () => {
      const { items, position } = await client.monitoring.streams();
      return { items: items.map(({ progress }) => progress), position };
    },
    idOf: ({ streamId }) => streamId,
    apply: ({ type, data }) => (aboutStreams.includes(type) ? (data as StreamProgress) : undefined),
    includes: () => true,
  }),
);

/** Live list of tasks, of all streams or of one. For clients of `/monitoring`. */
export function useTasks({ streamId = "" }: { streamId?: string } = {}): LiveListView<Task> {
  return useStore(taskStore(useClient(), streamId));
}

/** Live list of streams with their progress. For clients of `/monitoring`. */
export function useStreams(): LiveListView<StreamProgress> {
  return useStore(streamStore(useClient(), ""));
}
