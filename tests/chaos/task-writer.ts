import { nextStatuses } from "../../server/tasks/task-status.ts";
import type { TaskStatus } from "../../shared/entities/task.ts";
import type { Random } from "../support/random.ts";
import { tokenOf } from "../support/tokens.ts";
import { pause } from "./roamer.ts";

export const taskStreams = ["build", "test", "release"] as const;

/** A task as its writer knows it. Nobody else changes it; the streams that it counts in are everybody's. */
export interface TaskTrack {
  id: string;
  streamId: string | null;
  /** Accepted, in order; the first is that of its creation. */
  statuses: TaskStatus[];
  /** A request about it was not answered well, and may take effect later: it is left as it is after the one that was. */
  isDoubtful: boolean;
}

interface TaskWriterOptions {
  name: string;
  random: Random;
  ports: readonly number[];
  /** Between two changes, on average. */
  everyMs: number;
  violated(what: string): void;
}

const timeoutMs = 4_000;
/** How many of its latest tasks a writer goes on changing. */
const atOnce = 20;

interface Answer {
  status: number;
  /** Of a task or a stream, what is looked at. */
  body: { status?: TaskStatus; streamId?: string; progress?: unknown };
}

/** A backend: creates and changes tasks over HTTP, each time until it is accepted, by one instance or another. */
export class TaskWriter {
  readonly tracks: TaskTrack[] = [];
  /** How many changes were asked for, however often, and how many were accepted. */
  sent = 0;
  accepted = 0;
  readonly #options: TaskWriterOptions;
  #finishing = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: TaskWriterOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Resolves when everything that was sent has been accepted. */
  async finish(): Promise<void> {
    this.#finishing = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    const { random, everyMs } = this.#options;
    for (const id of taskStreams) await this.#insist("POST", "/streams", { id, name: id });
    while (!this.#finishing) {
      const track = random.chance(0.75) ? this.#pick() : undefined;
      await (track ? this.#change(track) : this.#create());
      await pause(everyMs * (0.5 + random.next()));
    }
  }

  #pick(): TaskTrack | undefined {
    const usable = this.tracks.slice(-atOnce).filter(({ isDoubtful }) => !isDoubtful);
    return usable.length > 0 ? this.#options.random.pick(usable) : undefined;
  }

  async #create(): Promise<void> {
    const { name, random } = this.#options;
    const id = `${name}-${this.tracks.length}`;
    const streamId = random.pick(taskStreams);
    const track: TaskTrack = { id, streamId, statuses: ["pending"], isDoubtful: false };
    // Creating it again is nothing, however late: no doubt is left about it.
    await this.#insist("POST", "/tasks", { id, title: `Task ${id}`, streamId });
    this.tracks.push(track);
  }

  async #change(track: TaskTrack): Promise<void> {
    const { random, violated } = this.#options;
    const { id } = track;
    if (random.chance(0.15)) {
      track.streamId = random.chance(0.8) ? random.pick(taskStreams) : null;
      await this.#insist("PATCH", `/tasks/${id}`, { streamId: track.streamId }, track);
      return;
    }
    const before = track.statuses.at(-1) ?? "pending";
    const status = random.pick(nextStatuses[before]);
    const answer = await this.#insist("PATCH", `/tasks/${id}`, { status }, track);
    if (answer.body.status !== status) violated(`${id} was answered as ${answer.body.status}, and should be ${status}`);
    track.statuses.push(status);
  }

  async #insist(method: string, path: string, body: object, track?: TaskTrack): Promise<Answer> {
    const { name, random, ports, violated } = this.#options;
    this.sent++;
    for (;;) {
      const answer = await request(random.pick(ports), method, path, body);
      if (answer && answer.status < 300) {
        this.accepted++;
        return answer;
      }
      if (answer && answer.status !== 503 && answer.status !== 429) {
        violated(`${name}: ${method} ${path} ${JSON.stringify(body)} was refused: ${JSON.stringify(answer.body)}`);
      }
      if (track) track.isDoubtful = true;
      await pause(random.between(50, 300));
    }
  }
}

/** The answer, or `undefined` when none came in time. */
export async function request(port: number, method: string, path: string, body?: object): Promise<Answer | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/api${path}`, {
      method,
      headers: { authorization: `Bearer ${tokenOf("tasks", ["service"])}`, "content-type": "application/json" },
      signal: AbortSignal.timeout(timeoutMs),
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Answer["body"] };
  } catch {
    return undefined;
  }
}
