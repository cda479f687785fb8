import type { CDPSession } from "playwright-core";

/** How long the longest task of a page's main thread was, in milliseconds. */
export interface LongestTask {
  /** That it was at work: what others did on the machine meanwhile does not count. */
  cpuMs: number;
  /** From its beginning to its end. */
  wallMs: number;
}

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** Microseconds from beginning to end, and of these at work. */
  dur?: number;
  tdur?: number;
  args?: { name?: string };
}

/** What a thread does between two looks at what there is to do. */
const taskName = "ThreadControllerImpl::RunTask";

/** What the main thread of a page does, as the browser traces it. */
export class MainThread {
  readonly #session: CDPSession;
  #events: TraceEvent[] = [];

  constructor(session: CDPSession) {
    this.#session = session;
    session.on("Tracing.dataCollected", ({ value }) => {
      // Of all that comes, the tasks and the names of the threads.
      for (const event of value as unknown as TraceEvent[]) {
        if (event.name === taskName || event.name === "thread_name") this.#events.push(event);
      }
    });
  }

  async beginTrace(): Promise<void> {
    await this.#session.send("Tracing.start", { transferMode: "ReportEvents", categories: "toplevel" });
  }

  async endTrace(): Promise<LongestTask> {
    const complete = new Promise((resolve) => this.#session.once("Tracing.tracingComplete", resolve));
    await this.#session.send("Tracing.end");
    await complete;
    const events = this.#events.splice(0);
    const main = new Set(events.filter(({ args }) => args?.name === "CrRendererMain").map(threadOf));
    const tasks = events.filter((event) => event.name === taskName && main.has(threadOf(event)));
    const longest = (of: "dur" | "tdur") => Math.round(Math.max(0, ...tasks.map((task) => task[of] ?? 0)) / 1_000);
    return { cpuMs: longest("tdur"), wallMs: longest("dur") };
  }
}

const threadOf = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`;

/** The worse of two times. */
export const longer = (one: LongestTask, other: LongestTask): LongestTask => ({
  cpuMs: Math.max(one.cpuMs, other.cpuMs),
  wallMs: Math.max(one.wallMs, other.wallMs),
});
