import type { Cancel } from "./connection/environment.ts";
import { Emitter, type ListenerMap } from "./emitter.ts";

/** What to do when somebody begins to listen, and when nobody does any more. */
export interface Attendance {
  first(): void;
  last(): void;
}

/** Tells listeners, for as long as there are any. */
export class AttendedEmitter<Events extends ListenerMap> {
  readonly #emitter = new Emitter<Events>();
  readonly #attendance: Attendance;
  #listeners = 0;

  constructor(attendance: Attendance) {
    this.#attendance = attendance;
  }

  /** What is returned takes the listener away again. */
  on<Name extends keyof Events>(name: Name, listener: (data: Events[Name]) => void): Cancel {
    const cancel = this.#emitter.on(name, listener);
    this.#listeners += 1;
    if (this.#listeners === 1) this.#attendance.first();
    let isHere = true;
    return () => {
      if (!isHere) return;
      isHere = false;
      cancel();
      this.#listeners -= 1;
      if (this.#listeners === 0) this.#attendance.last();
    };
  }

  emit<Name extends keyof Events>(name: Name, data: Events[Name]): void {
    this.#emitter.emit(name, data);
  }
}
