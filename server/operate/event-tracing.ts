import type { Envelope } from "../../shared/envelope.ts";
import type { ErrorCode } from "../../shared/error-code.ts";
import type { Position } from "../../shared/position.ts";
import type { Session } from "../session/session.ts";

/** Somebody who looks on. */
export interface Tracer {
  published(event: Envelope, position: Position | undefined): void;
  /** It was given to the doors. */
  reached(event: Envelope): void;
  commanded(session: Session, command: string, code: ErrorCode | null, milliseconds: number): void;
}

/**
 * Where the way of an event is looked at from outside. While nobody looks on, which is nearly always, the way costs one
 * more look at `isActive`, and whoever calls makes it before anything else.
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
