import { createClient } from "redis";
import type { Position } from "../../shared/position.ts";
import type { Random } from "../support/random.ts";
import { tokenOf } from "../support/tokens.ts";
import type { Findings } from "./checker.ts";
import { pause } from "./roamer.ts";
import type { Truth } from "./truth.ts";

interface ProgramOptions {
  name: string;
  random: Random;
  violated(what: string): void;
}

/** An event that a program has published, or handed over to be published. */
interface Told {
  id: string;
  /** Where the answer said it is; what is handed over has no answer. */
  position?: Position;
}

/** Nobody else tells of these. */
export const toldAs = "alert_created";

const alertOf = (id: string) => ({ room: "alerts", type: toldAs, data: { alertId: id, severity: "info", title: id } });

/** A program that tells of things, one thing after the other, each until it is taken. */
abstract class Program {
  readonly name: string;
  /** In the order in which they were taken. */
  readonly told: Told[] = [];
  protected readonly random: Random;
  protected readonly violated: (what: string) => void;
  #count = 0;
  #finishing = false;
  #running: Promise<void> = Promise.resolve();

  constructor({ name, random, violated }: ProgramOptions) {
    this.name = name;
    this.random = random;
    this.violated = (what) => violated(`${name}: ${what}`);
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Resolves when everything was taken. */
  async finish(): Promise<void> {
    this.#finishing = true;
    await this.#running;
  }

  /** `false`: whether it was taken is not known, and the same is to be tried again. */
  protected abstract tryToTell(ids: readonly string[]): Promise<Told[] | undefined>;

  async #run(): Promise<void> {
    while (!this.#finishing) {
      const ids = Array.from({ length: this.random.between(1, 8) }, () => `${this.name}-${++this.#count}`);
      let told = await this.tryToTell(ids);
      for (; !told; told = await this.tryToTell(ids)) await pause(this.random.between(50, 300));
      this.told.push(...told);
      await pause(this.random.between(20, 150));
    }
  }
}

/** Publishes lists over HTTP, at one instance after another. */
export class HttpProgram extends Program {
  readonly #ports: readonly number[];

  constructor(options: ProgramOptions & { ports: readonly number[] }) {
    super(options);
    this.#ports = options.ports;
  }

  protected async tryToTell(ids: readonly string[]): Promise<Told[] | undefined> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.random.pick(this.#ports)}/api/events`, {
        method: "POST",
        headers: { authorization: `Bearer ${tokenOf(this.name, ["service"])}`, "content-type": "application/json" },
        body: JSON.stringify(ids.map((id) => ({ ...alertOf(id), id }))),
        signal: AbortSignal.timeout(5_000),
      });
      const body = await response.json();
      if (response.status === 201) return body as Told[];
      const { code, retryable } = body as { code: string; retryable: boolean };
      if (!retryable) this.violated(`was refused: ${code}`);
    } catch {
      // The instance is away, or has just died.
    }
    return undefined;
  }
}

/** Writes to the ingest stream. */
export class IngestProgram extends Program {
  readonly #client;

  constructor(options: ProgramOptions & { redisUrl: string }) {
    super(options);
    this.#client = createClient({
      url: options.redisUrl,
      disableOfflineQueue: true,
      pingInterval: 1_000,
      socket: { socketTimeout: 10_000, reconnectStrategy: () => 100 },
    });
    this.#client.on("error", () => {});
    void this.#client.connect();
  }

  override async finish(): Promise<void> {
    await super.finish();
    this.#client.destroy();
  }

  protected async tryToTell(ids: readonly string[]): Promise<Told[] | undefined> {
    const told: Told[] = [];
    try {
      for (const id of ids) {
        const { room, type, data } = alertOf(id);
        await this.#client.xAdd("signalbox:ingest", "*", { room, type, data: JSON.stringify(data), id });
        told.push({ id });
      }
      return told;
    } catch {
      // Whether the last one is in the stream is not known: all of them again, and their ids make one of two.
      return undefined;
    }
  }
}

/** Everything that a program told is in the log once, where the answer said, and in the program's order. */
export function checkTold({ name, told }: Pick<Program, "name" | "told">, truth: Truth, found: Findings): void {
  const places = new Map<string, number[]>();
  for (const [index, { id }] of truth.events.entries()) places.set(id, [...(places.get(id) ?? []), index]);
  let before = -1;
  for (const { id, position } of told) {
    const [place, ...others] = places.get(id) ?? [];
    if (place === undefined) {
      found.lost.push(`${id} of ${name} is not in the log`);
      continue;
    }
    if (others.length > 0) found.doubled.push(`${id} of ${name} is in the log ${others.length + 1} times`);
    if (place < before) found.reordered.push(`${id} of ${name} stands before what was told first`);
    if (position && truth.indexOf(position) !== place)
      found.unexplained.push(`${id} of ${name} is not where the answer said`);
    before = Math.max(before, place);
  }
}
