import { Counter, Gauge, Registry } from "prom-client";

/** The numbers of one process. JSON. */
export type Collected = Awaited<ReturnType<Registry["getMetricsAsJSON"]>>;

/** Label values with their numbers; the label value is empty where there is no label. */
type Readings = Iterable<[string, number]>;
type Counted = ReadonlyMap<string, number> | (() => number | ReadonlyMap<string, number>);

/** Metrics whose values are kept elsewhere and read at each scrape. */
export class Instruments {
  readonly registry = new Registry();

  /** A counter. */
  count(name: string, help: string, label: string | undefined, counted: Counted): void {
    new Counter({
      name,
      help,
      labelNames: label === undefined ? [] : [label],
      registers: [this.registry],
      collect() {
        this.reset();
        const now = typeof counted === "function" ? counted() : counted;
        if (typeof now === "number") this.inc(now);
        else if (label !== undefined) for (const [what, count] of now) this.inc({ [label]: what }, count);
      },
    });
  }

  /** A gauge, read at each scrape. */
  measure(name: string, help: string, label: string | undefined, read: () => Readings): void {
    new Gauge({
      name,
      help,
      labelNames: label === undefined ? [] : [label],
      registers: [this.registry],
      aggregator: "sum",
      collect() {
        this.reset();
        for (const [what, value] of read()) this.set(label === undefined ? {} : { [label]: what }, value);
      },
    });
  }

  /** A gauge of a value in the store, the same from every process. Omitted while the store cannot be reached. */
  ask(name: string, help: string, read: () => Promise<number>): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      aggregator: "max",
      async collect() {
        try {
          this.set(await read());
        } catch {
          this.remove();
        }
      },
    });
  }

  collect(): Promise<Collected> {
    return this.registry.getMetricsAsJSON();
  }
}
