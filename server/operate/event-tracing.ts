import type { Envelope } from "../../shared/envelope.ts";
import type { ErrorCode } from "../../shared/error-code.ts";
import type { Position } from "../../shared/position.ts";
import type { Session } from "../session/session.ts";

/** An observer of events and commands. */
export interface Tracer {
  published(event: Envelope, position: Position | undefined): void;
  /** The event was passed to the doors. */
  reached(event: Envelope): void;
  commanded(session: Session, command: string, code: ErrorCode | null, milliseconds: number): void;
}

/**
 * Passes events and commands to the tracers. Without tracers, which is nearly always, the cost is one test of
 * `isActive`, which callers make first.
 */
export class EventTracing {
  isActive = false;
  #tracers: readonly Tracer[] = [];

  add(tracer: Tracer): void {
    this.#set([...this.#tracers, tracer]);
  }

  remove(tracer: Tracer): void {
    this.#set(this.#tracers.filter((other) => other !== tracer));
  }

  published(event: Envelope, position: Position | undefined): void {
    for (const tracer of this.#tracers) tracer.published(event, position);
  }

  reached(event: Envelope): void {
    for (const tracer of this.#tracers) tracer.reached(event);
  }

  commanded(session: Session, command: string, code: ErrorCode | null, milliseconds: number): void {
    for (const tracer of this.#tracers) tracer.commanded(session, command, code, milliseconds);
  }

  #set(tracers: readonly Tracer[]): void {
    this.#tracers = tracers;
    this.isActive = tracers.length > 0;
  }
}
