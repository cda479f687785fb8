import jwt from "jsonwebtoken";
import { secret } from "../load/dialects.ts";
import { inPortions } from "../load/in-portions.ts";

const streams = 20;
const agents = 10;
const statuses = ["pending", "in_progress", "blocked", "completed"] as const;

/** So often a portion is published. */
const portionMs = 50;

export const tokenOf = (sub: string, roles: readonly string[]) => jwt.sign({ sub, roles }, secret, { expiresIn: "4h" });

/** Publishes so many events a second, of everything that is told in `/monitoring`. */
export class Producer {
  readonly #url: string;
  readonly #token = tokenOf("backend", ["service"]);
  readonly #tasks: number;
  #timer: NodeJS.Timeout | undefined;
  #made = 0;
  #begunAt = 0;
  accepted = 0;
  refused = 0;

  /** `tasks`: so many there are, which are then told of. */
  constructor(url: string, tasks: number) {
    this.#url = url;
    this.#tasks = tasks;
  }

  /** The tasks and streams that are then told of. */
  async prepare(): Promise<void> {
    for (let id = 0; id < streams; id++) await this.#post("/api/streams", { id: `s${id}`, name: `Stream ${id}` });
    await inPortions([...Array(this.#tasks).keys()], (id) =>
      this.#post("/api/tasks", { id: `t${id}`, title: `Task ${id}`, streamId: `s${id % streams}` }),
    );
  }

  begin(perSecond: number): void {
    this.#begunAt = performance.now();
    this.#timer = setInterval(() => {
      const due = Math.floor(((performance.now() - this.#begunAt) / 1_000) * perSecond) - this.#made;
      if (due <= 0) return;
      const events = Array.from({ length: Math.min(due, 500) }, () => eventOf(this.#made++, this.#tasks));
      this.#post("/api/events", events).then(
        () => {
          this.accepted += events.length;
        },
        () => {
          this.refused += events.length;
        },
      );
    }, portionMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #post(path: string, body: unknown): Promise<void> {
    const headers = { authorization: `Bearer ${this.#token}`, "content-type": "application/json" };
    const response = await fetch(this.#url + path, { method: "POST", headers, body: JSON.stringify(body) });
    const answer = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${answer}`);
  }
}

function eventOf(number: number, tasks: number) {
  const id = number % tasks;
  const status = statuses[Math.floor(number / tasks) % statuses.length];
  const task = { id: `t${id}`, title: `Task ${id}`, status, streamId: `s${id % streams}`, metadata: { number } };
  switch (number % 10) {
    case 0: {
      const done = Math.floor(number / 10) % 26;
      const stream = { streamId: `s${id % streams}`, streamName: `Stream ${id % streams}`, totalTasks: 25 };
      const data = { completedTasks: done, progressPercentage: done * 4, lastUpdated: new Date().toISOString() };
      return { room: `stream:${stream.streamId}`, type: "stream.progress", data: { ...stream, ...data } };
    }
    case 1: {
      const agentName = `agent-${id % agents}`;
      const data = { agentName, tool: "search", ok: true, durationMs: number % 1_000, details: { number } };
      return { room: `agent:${agentName}`, type: "tool_executed", data };
    }
    case 2: {
      const data = { component: `component-${id % agents}`, metrics: { queue: number % 100, p95Ms: number % 250 } };
      return { room: "health", type: "performance_update", data };
    }
    default:
      return { room: `task:${task.id}`, type: "task.updated", data: { ...task, changes: ["status", "metadata"] } };
  }
}
