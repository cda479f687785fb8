import { monitorEventLoopDelay } from "node:perf_hooks";
import { AggregatorRegistry, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { AgentVerdict } from "../../shared/entities/agent.ts";
import type { ConnectionCounts } from "../../shared/entities/server-stats.ts";
import type { Counters } from "./counters.ts";
import { type Collected, Instruments } from "./instruments.ts";

interface MetricsDeps {
  counters: Counters;
  /** Log lines that could not be written. */
  lostLogLines(): number;
  /** Current connections of this instance. */
  connections(): ConnectionCounts;
  /** Bytes waiting to be taken by the network, for each connection. */
  backlogs(): Iterable<number>;
  /** The number of rooms with connections of this instance. */
  rooms(): number;
  /** Agents connected to this instance. */
  agents(): Partial<Record<AgentVerdict["state"], number>>;
  dispatches: {
    /** Dispatches assigned to agents connected to this instance. */
    inFlight(): number;
    /** Unfinished dispatches on all instances. */
    open(): Promise<number>;
  };
  /** `undefined` without Redis. */
  redis: { readonly isReady: boolean; readonly lostMessages: number; ping(): Promise<unknown> } | undefined;
}

/** Seconds: most commands take a few milliseconds, and none longer than the store's timeout. */
const durations = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const perSecond = 1e9;

/**
 * This instance's metrics in Prometheus format. The server only increments numbers; everything else happens at a
 * scrape.
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
      help: "Commands by result: ok, or the error code",
      labelNames: ["command", "code"],
      registers,
    });
    this.#countWhatHappened(deps);
    this.#measureWhatIs(deps);
    this.#measureProcess();
  }

  /** Records a reply: `ok`, or the error code. */
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

  #countWhatHappened({ counters, lostLogLines, redis }: MetricsDeps): void {
    const count = this.#instruments.count.bind(this.#instruments);
    count("signalbox_events_published_total", "Events accepted", "type", counters.published);
    count("signalbox_connections_opened_total", "Connections accepted", "door", counters.opened);
    count("signalbox_connections_closed_total", "Connections ended", "reason", counters.closed);
    count("signalbox_connections_refused_total", "Connections refused", "reason", counters.refused);
    count("signalbox_replays_total", "Clients that resumed from a position", "result", counters.replays);
    count("signalbox_resets_total", "Followed logs that lost history", "reason", counters.resets);
    count("signalbox_dispatches_total", "Dispatches by state entered", "state", counters.dispatches);
    count("signalbox_deliveries_total", "Events written to connections", undefined, () => counters.deliveries);
    count("signalbox_replayed_events_total", "Missed events sent", undefined, () => counters.replayedEvents);
    count(
      "signalbox_redis_restored_total",
      "Times the connection to Redis was restored",
      undefined,
      () => counters.redisRestored,
    );
    count("signalbox_log_lines_lost_total", "Log lines that could not be written", undefined, lostLogLines);
    const dropped = () =>
      new Map(Object.entries({ superseded: counters.superseded, unsent: redis?.lostMessages ?? 0 }));
    count("signalbox_ephemeral_dropped_total", "Ephemeral messages dropped", "class", dropped);
  }

  #measureWhatIs({ connections, backlogs, rooms, agents, dispatches, redis }: MetricsDeps): void {
    const instruments = this.#instruments;
    const measure = instruments.measure.bind(instruments);
    measure("signalbox_connections", "Connections now", "namespace", () => Object.entries(connections()));
    measure("signalbox_rooms", "Rooms with connections, by instance", undefined, () => [["", rooms()]]);
    measure("signalbox_agents", "Connected agents by verdict", "verdict", () => Object.entries(agents()));
    measure("signalbox_backlog_bytes", "Bytes waiting to be taken by the network", undefined, () => {
      let bytes = 0;
      for (const backlog of backlogs()) bytes += backlog;
      return [["", bytes]];
    });
    measure("signalbox_dispatches_in_flight", "Dispatches assigned to connected agents", undefined, () => [
      ["", dispatches.inFlight()],
    ]);
    instruments.ask("signalbox_dispatches_open", "Unfinished dispatches on all instances", () => dispatches.open());
    if (!redis) return;
    measure("signalbox_redis_up", "Processes that Redis answers", undefined, () => [["", redis.isReady ? 1 : 0]]);
    instruments.ask("signalbox_redis_ping_seconds", "Time until Redis answered, or the timeout", async () => {
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
      help: "Delay of timers since the last scrape",
      labelNames: ["percentile"],
      registers: [instruments.registry],
      aggregator: "max",
      collect() {
        const seconds = (nanoseconds: number) => (Number.isFinite(nanoseconds) ? nanoseconds / perSecond : 0);
        this.set({ percentile: "50" }, seconds(loop.percentile(50)));
        this.set({ percentile: "99" }, seconds(loop.percentile(99)));
        this.set({ percentile: "100" }, seconds(loop.max));
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
    instruments.measure("signalbox_processes", "Processes included in these metrics", undefined, () => [["", 1]]);
  }
}

/** Takes a function that collects this process's metrics; resolves with those of all processes at each call. */
export type GatherMetrics = (collect: () => Promise<Collected>) => () => Promise<Collected[]>;

/** The text served at `/metrics`. */
export function createMetricsText(metrics: Metrics, gather: GatherMetrics = alone): () => Promise<string> {
  const collectAll = gather(() => metrics.collect());
  return async () => AggregatorRegistry.aggregate(await collectAll()).metrics();
}

const alone: GatherMetrics = (collect) => async () => [await collect()];

export const metricsType = Registry.PROMETHEUS_CONTENT_TYPE;
