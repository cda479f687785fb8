import { namespaces } from "../../shared/namespace.ts";
import type { Session } from "../session/session.ts";
import { type ConnectionCounts, type Registry, reportEveryMs } from "./registry.ts";

export interface ReporterDeps {
  registry: Registry;
  sessions: Iterable<Session>;
  failed(error: unknown): void;
}

/** Tells the registry what this instance carries. */
export class Reporter {
  readonly #deps: ReporterDeps;
  readonly #timer: NodeJS.Timeout;

  constructor(deps: ReporterDeps) {
    this.#deps = deps;
    this.#timer = setInterval(() => void this.#report().catch(deps.failed), reportEveryMs).unref();
    void this.#report().catch(deps.failed);
  }

  /** Of all instances, this one as it is now. */
  async counts(): Promise<ConnectionCounts[]> {
    await this.#report();
    return this.#deps.registry.all();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    // Should the store be out of reach, the report expires by itself.
    await this.#deps.registry.leave().catch(() => {});
  }

  #report(): Promise<void> {
    return this.#deps.registry.report(countOf(this.#deps.sessions));
  }
}

/** A plain WebSocket may serve two namespaces and counts in the first, so that the sum is right. */
function countOf(sessions: Iterable<Session>): ConnectionCounts {
  const counts = Object.fromEntries(namespaces.map((namespace) => [namespace, 0])) as ConnectionCounts;
  for (const { namespaces: served } of sessions) if (served[0]) counts[served[0]]++;
  return counts;
}
