import type { LoggedEnvelope } from "../../shared/envelope.ts";
import type { EventType } from "../../shared/event-type.ts";
import { events } from "../../shared/events/catalogue.ts";
import { monitoringLog } from "../../shared/room.ts";
import { startServer, type TestServer } from "./server.ts";
import { openStore, type StoreName, type StoreOptions, type TestStore } from "./stores.ts";

type Options = NonNullable<Parameters<TestServer["request"]>[2]>;

/** A server as a backend uses it that keeps tasks, and what is in the log `monitoring` about them. */
export class TaskBoard {
  readonly server: TestServer;
  readonly #log: TestStore["log"];

  constructor(server: TestServer, { log }: Pick<TestStore, "log">) {
    this.server = server;
    this.#log = log;
  }

  static async start(name: StoreName, options: StoreOptions = {}): Promise<TaskBoard> {
    const store = await openStore(name, options);
    const { clock } = options;
    const server = await startServer({ store: name, overrides: { ...store, ...(clock && { clock }) } });
    return new TaskBoard(server, store);
  }

  request(method: string, path: string, body?: unknown, options: Options = {}) {
    const asBackend: Options = { as: "backend", roles: ["service"] };
    return this.server.request(method, `/api${path}`, {
      ...asBackend,
      ...(body === undefined ? {} : { body }),
      ...options,
    });
  }

  /** The body of a good answer. */
  async ok(method: string, path: string, body?: unknown, options?: Options): Promise<Record<string, unknown>> {
    const answer = await this.request(method, path, body, options);
    if (answer.status < 300) return answer.body;
    throw new Error(`${method} ${path} was refused: ${JSON.stringify(answer.body)}`);
  }

  /** The code and the status of a refusal. */
  async refused(method: string, path: string, body?: unknown, options?: Options): Promise<unknown[]> {
    const { status, body: problem } = await this.request(method, path, body, options);
    return [status, problem.code];
  }

  /** A stream of so many tasks, `t1` and so on. */
  async stream(id: string, tasks: number): Promise<void> {
    await this.ok("POST", "/streams", { id, name: `Stream ${id}` });
    for (let i = 1; i <= tasks; i++) await this.ok("POST", "/tasks", { id: `t${i}`, title: `Task ${i}`, streamId: id });
  }

  set(id: string, status: string, more: object = {}): Promise<Record<string, unknown>> {
    return this.ok("PATCH", `/tasks/${id}`, { status, ...more });
  }

  /** Everything that was told, held against the definitions. */
  async told(): Promise<LoggedEnvelope[]> {
    const all: LoggedEnvelope[] = [];
    for (;;) {
      const page = await this.#log.read(monitoringLog, all.at(-1)?.position.offset ?? 0, 1_000);
      for (const event of page.events) events[event.type].data.parse(event.data);
      all.push(...page.events);
      if (page.events.length < 1_000) return all;
    }
  }

  async of<Type extends EventType>(type: Type): Promise<LoggedEnvelope<Type>[]> {
    return (await this.told()).filter((event): event is LoggedEnvelope<Type> => event.type === type);
  }

  /** `task.created task:a`, … of what was told after what was told already. */
  async toldAfter(count: number): Promise<string[]> {
    return (await this.told()).slice(count).map(({ type, room }) => `${type} ${room}`);
  }
}
