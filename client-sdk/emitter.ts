import { throwLater } from "./bus/message-bus.ts";
import type { Cancel } from "./connection/environment.ts";

/** Names, and what their listeners are given. */
export type ListenerMap = Record<string, unknown>;

type Listener<Data> = (data: Data) => void;

/** Tells listeners, in the order in which they came. One that throws does not keep it from the others. */
export class Emitter<Events extends ListenerMap> {
  readonly #listeners: { [Name in keyof Events]?: Set<Listener<Events[Name]>> } = {};

  /** What is returned takes the listener away again. */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): Cancel {
    const listeners = this.#listeners[name] ?? new Set();
    this.#listeners[name] = listeners;
    listeners.add(listener);
    return () => this.off(name, listener);
  }

  once<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): Cancel {
    const cancel = this.on(name, (data) => {
      cancel();
      listener(data);
    });
    return cancel;
  }

  off<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): void {
    this.#listeners[name]?.delete(listener);
  }

  emit<Name extends keyof Events>(name: Name, data: Events[Name]): void {
    for (const listener of [...(this.#listeners[name] ?? [])]) {
      try {
        listener(data);
      } catch (error) {
        throwLater(error);
      }
    }
  }
}
