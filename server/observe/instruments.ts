import { Counter, Gauge, Registry } from "prom-client";

/** The numbers of one process. JSON. */
export type Collected = Awaited<ReturnType<Registry["getMetricsAsJSON"]>>;

/** Values of a label, each with its number; without a label the value is empty. */
type Readings = Iterable<[string, number]>;
type Counted = ReadonlyMap<string, number> | (() => number | ReadonlyMap<string, number>);

/** Numbers that are kept elsewhere, and read when somebody asks. */
export class Instruments {
  readonly registry = new Registry();

  /** Something that only grows. */
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

  /** Something as it is when it is read. */
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

  /** Something that the store knows, and of several processes each tells the same. Left out while it cannot be asked. */
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
