import type { TraceDrop, TraceStep } from "../../shared/entities/trace.ts";
import type { Envelope } from "../../shared/envelope.ts";
import type { ErrorCode } from "../../shared/error-code.ts";
import type { Position } from "../../shared/position.ts";
import { namespaceOfKind, parseRoom } from "../../shared/room.ts";
import type { TraceTarget } from "../deliver/broadcast.ts";
import type { Session } from "../session/session.ts";
import type { Sessions } from "../session/sessions.ts";
import type { Tracer } from "./event-tracing.ts";

/** A step without the fields that identify the trace, time and instance. */
export type UnstampedStep = TraceStep extends infer Step
  ? Step extends TraceStep
    ? Omit<Step, "traceId" | "at" | "instanceId">
    : never
  : never;

/** Whether a session gets an event, or why it does not. */
type Standing = "live" | Extract<TraceDrop, "not_live" | "filtered_by_type" | "not_a_member">;

export interface TraceDeps {
  target: TraceTarget;
  sessions: Sessions;
  standingOf(session: Session, event: Envelope): Standing;
  /** Two budgets: `steps`, and `asides` for events that the connection does not receive, which are far more. */
  steps: Budget;
  asides: Budget;
}

/** Passes steps on up to a rate. */
interface Budget {
  readonly isSpent: boolean;
  report(step: UnstampedStep): void;
  leaveOut(): void;
}

/** How often an outbox is checked until a delivered event is written. */
const checkMs = 50;
/** Connections of a room whose deliveries are traced; of the others only the number is reported. */
const tracedMax = 20;

/** Traces the events of a room, or what a connection receives and sends. On one instance, until `stop`. */
export class EventTrace implements Tracer {
  readonly #deps: TraceDeps;
  #isOver = false;

  constructor(deps: TraceDeps) {
    this.#deps = deps;
  }

  stop(): void {
    this.#isOver = true;
  }

  published(event: Envelope, position: Position | undefined): void {
    const { target, sessions, steps } = this.#deps;
    const by = event.sender?.userId ?? null;
    const isMeant =
      "room" in target
        ? target.room === event.room
        : by !== null && sessions.get(target.connectionId)?.principal.userId === by;
    if (isMeant) steps.report({ step: "published", event: nameOf(event, position), by });
  }

  reached(event: Envelope): void {
    const { target } = this.#deps;
    if ("room" in target) return target.room === event.room ? this.#reachedRoom(event) : undefined;
    const session = this.#deps.sessions.get(target.connectionId);
    const isServed = session?.namespaces.includes(namespaceOfKind[parseRoom(event.room).kind]);
    if (session && isServed) this.#reachedSession(session, event);
  }

  commanded(session: Session, command: string, code: ErrorCode | null, milliseconds: number): void {
    const { target, steps } = this.#deps;
    if ("room" in target || target.connectionId !== session.connectionId) return;
    steps.report({ step: "command", ...receiverOf(session), command: command.slice(0, 64), code, milliseconds });
  }

  #reachedRoom(event: Envelope): void {
    const { sessions, standingOf, steps } = this.#deps;
    // Scanning all sessions is expensive.
    if (steps.isSpent) return steps.leaveOut();
    const here = [...sessions].map((session) => ({ session, standing: standingOf(session, event) }));
    const concerned = here.filter(({ standing }) => standing !== "not_a_member");
    const subscribers = concerned.filter(({ standing }) => standing === "live");
    steps.report({ step: "audience", event: nameOf(event), connections: subscribers.length });
    for (const { session } of concerned.slice(0, tracedMax)) this.#reachedSession(session, event);
  }

  #reachedSession(session: Session, event: Envelope): void {
    const { standingOf, steps, asides } = this.#deps;
    const standing = standingOf(session, event);
    const header = { ...receiverOf(session), event: nameOf(event) };
    if (standing !== "live") {
      return (standing === "not_a_member" ? asides : steps).report({ step: "dropped", ...header, why: standing });
    }
    steps.report({ step: "delivered", ...header, backlogBytes: session.transport.backlogBytes() });
    const deliveredAt = performance.now();
    const check = () => {
      if (this.#isOver) return;
      if (!session.isOpen || session.endedBy !== undefined) {
        const why = session.endedBy === "slow_consumer" ? "backlog" : "closed";
        return steps.report({ step: "dropped", ...header, why });
      }
      // Nothing is waiting to be written, so the event is out.
      if (session.transport.backlogBytes() === 0) {
        return steps.report({ step: "written", ...header, milliseconds: performance.now() - deliveredAt });
      }
      setTimeout(check, checkMs).unref();
    };
    // Outboxes are flushed at the end of the turn, by a callback that was scheduled before this one.
    setImmediate(check);
  }
}

const receiverOf = ({ connectionId, principal }: Session) => ({ connectionId, userId: principal.userId });

function nameOf({ id, type, room, position }: Envelope, known = position) {
  return { id, type, room, ...(known && { position: known }) };
}
