import { randomUUID } from "node:crypto";
import type { TraceStep } from "../../shared/entities/trace.ts";
import type { ConnectionId, InstanceId } from "../../shared/ids.ts";
import { Rejection } from "../../shared/rejection.ts";
import type { Broadcast, TraceTarget } from "../deliver/broadcast.ts";
import { type Clock, timestampAt, timestampOf } from "../runtime/clock.ts";
import type { Session } from "../session/session.ts";
import type { Sessions } from "../session/sessions.ts";
import { EventTrace, type TraceDeps, type UnstampedStep } from "./event-trace.ts";
import type { EventTracing } from "./event-tracing.ts";
import { StepBudget } from "./trace-step-budget.ts";

interface TracesDeps {
  tracing: EventTracing;
  broadcast: Broadcast;
  sessions: Sessions;
  standingOf: TraceDeps["standingOf"];
  instanceId: InstanceId;
  clock: Clock;
}

/** Steps that an instance reports per second; people read them. */
const stepsPerSecond = 100;
/** Steps per second about events that the connection does not receive. */
const asidesPerSecond = 10;
/** How many traces one connection may have at a time. */
const tracesPerConnection = 5;

/** Traces on all instances: each instance observes its own sessions and reports to the connection that asked. */
export class EventTraces {
  readonly #deps: TracesDeps;
  readonly #running = new Map<string, { by: ConnectionId; stop(): void }>();

  constructor(deps: TracesDeps) {
    this.#deps = deps;
    deps.broadcast.listen((message) => {
      if (message.kind === "trace") this.#run(message.traceId, message.by, message.target, message.seconds);
      if (message.kind === "untrace") this.#running.get(message.traceId)?.stop();
      if (message.kind === "traced") deps.sessions.get(message.to)?.send("admin.trace", message.step);
    });
  }

  /** Traces the target for `seconds`, or until the session ends. Rejects with `limit_exceeded`. */
  start(session: Session, target: TraceTarget, seconds: number): { traceId: string; until: string } {
    const { broadcast, clock } = this.#deps;
    const running = [...this.#running.values()].filter(({ by }) => by === session.connectionId);
    if (running.length >= tracesPerConnection) {
      throw new Rejection("limit_exceeded", `A connection may have ${tracesPerConnection} traces at a time.`);
    }
    const traceId = randomUUID();
    broadcast.send({ kind: "trace", traceId, by: session.connectionId, target, seconds });
    session.onClose(() => broadcast.send({ kind: "untrace", traceId }));
    return { traceId, until: timestampAt(clock.now() + seconds * 1000) };
  }

  /** Ends every trace on this instance. */
  close(): void {
    for (const { stop } of this.#running.values()) stop();
  }

  #run(traceId: string, by: ConnectionId, target: TraceTarget, seconds: number): void {
    const { tracing, instanceId, clock } = this.#deps;
    const report = (step: UnstampedStep) => this.#report(by, { traceId, at: timestampOf(clock), instanceId, ...step });
    const [steps, asides] = [new StepBudget(stepsPerSecond, report), new StepBudget(asidesPerSecond, report)];
    const trace = new EventTrace({ ...this.#deps, target, steps, asides });
    const stop = () => {
      clearTimeout(timer);
      steps.close();
      asides.close();
      trace.stop();
      tracing.remove(trace);
      this.#running.delete(traceId);
    };
    // Every instance measures the duration itself, since clocks differ.
    const timer = setTimeout(stop, seconds * 1000).unref();
    this.#running.set(traceId, { by, stop });
    tracing.add(trace);
  }

  #report(to: ConnectionId, step: TraceStep): void {
    const session = this.#deps.sessions.get(to);
    if (session) session.send("admin.trace", step);
    else this.#deps.broadcast.send({ kind: "traced", to, step });
  }
}
