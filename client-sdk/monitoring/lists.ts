import type { Agent } from "../../shared/entities/agent.ts";
import type { Checkpoint } from "../../shared/entities/checkpoint.ts";
import type { Task } from "../../shared/entities/task.ts";
import type { TaskStream } from "../../shared/entities/task-stream.ts";
import type { StreamWithProgress } from "../../shared/http/streams.ts";
import type { Position } from "../../shared/position.ts";
import type { Environment } from "../connection/environment.ts";
import type { TokenSource } from "../connection/token-source.ts";
import { SignalboxError } from "../signalbox-error.ts";

/** A complete list. A subscription to its topics after `position` misses no later change. */
export interface Listed<Item> {
  items: Item[];
  position: Position;
}

/** Snapshots to start from before subscribing. */
export interface Lists {
  /** All tasks, or those of a stream. Rejects with a {@link SignalboxError}. */
  tasks(filter?: { streamId?: string }): Promise<Listed<Task>>;
  /** All streams with their progress. */
  streams(): Promise<Listed<StreamWithProgress>>;
  /** Agents that are connected or were recently, with their dispatches in flight and the server's verdict. */
  agents(): Promise<Listed<Agent>>;
  /** Checkpoints from which a task can be resumed. */
  checkpoints(taskId: string): Promise<Listed<Checkpoint>>;
}

export type { Agent, Checkpoint, StreamWithProgress, Task, TaskStream };

interface ListsDeps {
  url: string;
  tokens: TokenSource;
  environment: Environment;
  timeoutMs: number;
}

const pageLimit = "200";

interface Page<Item> extends Listed<Item> {
  nextCursor: string | null;
}

export function createLists({ url, tokens, environment, timeoutMs }: ListsDeps): Lists {
  async function list<Item>(path: string, filter: Record<string, string | undefined>): Promise<Listed<Item>> {
    // Loaded on demand: most clients never read a list.
    const { createHttpRequests } = await import("../transport/http-requests.ts");
    const answer = await tokens.ask();
    if (!("token" in answer)) throw new SignalboxError(answer.error ?? noAnswer, "not_sent");
    const requests = createHttpRequests({ url, environment, timeoutMs, token: answer.token });
    const items: Item[] = [];
    let position: Position | undefined;
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await requests.get(path, { ...filter, cursor, limit: pageLimit });
      if (page.kind !== "ok") throw new SignalboxError(page.kind === "error" ? page.error : noAnswer);
      const found = page.body as Page<Item>;
      items.push(...found.items);
      // Changes since the first page are in the log after its position.
      position ??= found.position;
      cursor = found.nextCursor;
    }
    if (!position) throw new SignalboxError(noAnswer);
    return { items, position };
  }

  return {
    tasks: ({ streamId } = {}) => list<Task>("/api/tasks", { streamId }),
    streams: () => list<StreamWithProgress>("/api/streams", {}),
    agents: () => list<Agent>("/api/agents", {}),
    checkpoints: (taskId) => list<Checkpoint>(`/api/tasks/${encodeURIComponent(taskId)}/checkpoints`, {}),
  };
}

const noAnswer = { code: "unavailable", message: "The server does not answer.", retryable: true } as const;
