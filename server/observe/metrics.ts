import { monitorEventLoopDelay } from "node:perf_hooks";
import { AggregatorRegistry, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { AgentVerdict } from "../../shared/entities/agent.ts";
import type { ConnectionCounts } from "../../shared/entities/server-stats.ts";
import type { Counters } from "./counters.ts";
import { type Collected, Instruments } from "./instruments.ts";

export interface MetricsDeps {
  counters: Counters;
  /** Of this instance, now. */
  connections(): ConnectionCounts;
  /** Bytes that wait to be taken by the network, connection by connection. */
  backlogs(): Iterable<number>;
  /** How many rooms have somebody of this instance in them. */
  rooms(): number;
  /** Agents that are connected here. */
  agents(): Partial<Record<AgentVerdict["state"], number>>;
  dispatches: {
    /** That agents which are connected here have. */
    inFlight(): number;
    /** That have not ended, wherever they are. */
    open(): Promise<number>;
  };
  /** `undefined` without Redis. */
  redis: { readonly isReady: boolean; readonly lostMessages: number; ping(): Promise<unknown> } | undefined;
}

/** Seconds: most commands take a few milliseconds, and none more than the store is waited for. */
const durations = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const perSecond = 1e9;

/**
 * What this instance does, as Prometheus reads it. While the server works numbers are counted up and nothing else;
 * all else happens when somebody reads.
 */
export class Metrics {
  readonly #instruments = new Instruments();
  readonly #loop = monitorEventLoopDelay({ resolution: 20 });
  readonly #commands: Histogram<"command">;
  readonly #answers: Counter<"command" | "code">;

  constructor(deps: MetricsDeps) {
    this.#loop.enable();
    const registers = [this.#instruments.registry];
    this.#commands = new Histogram({
      name: "signalbox_command_duration_seconds",
      help: "From a command to its reply",
      labelNames: ["command"],
      buckets: durations,
      registers,
    });
    this.#answers = new Counter({
      name: "signalbox_commands_total",
      help: "Commands by what they were answered: ok, or the error code",
      labelNames: ["command", "code"],
      registers,
    });
    this.#countWhatHappened(deps.counters, deps.redis);
    this.#measureWhatIs(deps);
    this.#measureProcess();
  }

  /** A command was answered: `ok`, or with an error code. */
  answered(command: string, code: string, milliseconds: number): void {
    this.#commands.observe({ command }, milliseconds / 1000);
    this.#answers.inc({ command, code });
  }

  collect(): Promise<Collected> {
    return this.#instruments.collect();
  }

  close(): void {
    this.#loop.disable();
  }

  #countWhatHappened(counters: Counters, redis: MetricsDeps["redis"]): void {
    const count = this.#instruments.count.bind(this.#instruments);
    count("signalbox_events_published_total", "Events that were accepted", "type", counters.published);
    count("signalbox_connections_opened_total", "Connections that were let in", "door", counters.opened);
    count("signalbox_connections_closed_total", "Connections that have ended", "reason", counters.closed);
    count("signalbox_connections_refused_total", "Connections that could not begin", "reason", counters.refused);
    count("signalbox_replays_total", "Those who came back with a position", "result", counters.replays);
    count("signalbox_resets_total", "Logs that lost history under those who follow", "reason", counters.resets);
    count("signalbox_dispatches_total", "Dispatches that came into a state", "state", counters.dispatches);
    count("signalbox_deliveries_total", "Events put out to a connection", undefined, () => counters.deliveries);
    count("signalbox_replayed_events_total", "Missed events sent", undefined, () => counters.replayedEvents);
    count("signalbox_redis_restored_total", "Times Redis came back", undefined, () => counters.redisRestored);
    const dropped = () =>
      new Map(Object.entries({ superseded: counters.superseded, unsent: redis?.lostMessages ?? 0 }));
    count("signalbox_ephemeral_dropped_total", "What may be lost and was", "class", dropped);
  }

  #measureWhatIs({ connections, backlogs, rooms, agents, dispatches, redis }: MetricsDeps): void {
    const instruments = this.#instruments;
    const measure = instruments.measure.bind(instruments);
    measure("signalbox_connections", "Connections now", "namespace", () => Object.entries(connections()));
    measure("signalbox_rooms", "Rooms with somebody of an instance in them", undefined, () => [["", rooms()]]);
    measure("signalbox_agents", "Connected agents by verdict", "verdict", () => Object.entries(agents()));
    measure("signalbox_backlog_bytes", "What waits to be taken by the network", undefined, () => {
      let bytes = 0;
      for (const backlog of backlogs()) bytes += backlog;
      return [["", bytes]];
    });
    measure("signalbox_dispatches_in_flight", "Dispatches that connected agents have", undefined, () => [
      ["", dispatches.inFlight()],
    ]);
    instruments.ask("signalbox_dispatches_open", "Dispatches that have not ended, of all instances", () =>
      dispatches.open(),
    );
    if (!redis) return;
    measure("signalbox_redis_up", "Whether Redis answers, by processes", undefined, () => [
      ["", redis.isReady ? 1 : 0],
    ]);
    instruments.ask("signalbox_redis_ping_seconds", "How long Redis took to answer, or was waited for", async () => {
      const since = performance.now();
      await redis.ping().catch(() => {});
      return (performance.now() - since) / 1000;
    });
  }

  #measureProcess(): void {
    const loop = this.#loop;
    const instruments = this.#instruments;
    new Gauge({
      name: "signalbox_event_loop_delay_seconds",
      help: "By how much timers were late since this was read last",
      labelNames: ["quantile"],
      registers: [instruments.registry],
      aggregator: "max",
      collect() {
        const seconds = (nanoseconds: number) => (Number.isFinite(nanoseconds) ? nanoseconds / perSecond : 0);
        this.set({ quantile: "0.5" }, seconds(loop.percentile(50)));
        this.set({ quantile: "0.99" }, seconds(loop.percentile(99)));
        this.set({ quantile: "1" }, seconds(loop.max));
        loop.reset();
      },
    });
    const memory = () =>
      Object.entries(process.memoryUsage()).filter(([kind]) => kind === "rss" || kind === "heapUsed");
    instruments.measure("signalbox_memory_bytes", "Memory of the process", "kind", memory);
    instruments.count("signalbox_cpu_seconds_total", "CPU time of the process", undefined, () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    });
    instruments.measure("signalbox_processes", "Processes that these numbers are of", undefined, () => [["", 1]]);
  }
}

/** To be given what collects the numbers of this process; resolves with those of all, whenever they are asked for. */
export type GatherMetrics = (collect: () => Promise<Collected>) => () => Promise<Collected[]>;

/** What `/metrics` answers. */
export function createMetricsText(metrics: Metrics, gather: GatherMetrics = alone): () => Promise<string> {
  const collectAll = gather(() => metrics.collect());
  return async () => AggregatorRegistry.aggregate(await collectAll()).metrics();
}

const alone: GatherMetrics = (collect) => async () => [await collect()];

export const metricsType = Registry.PROMETHEUS_CONTENT_TYPE;
