import { throwLater } from "./bus/message-bus.ts";
import type { Cancel } from "./connection/environment.ts";

/** Names, and what their listeners are given. */
export type ListenerMap = Record<string, unknown>;

type Listener<Data> = (data: Data) => void;

interface Registration<Data> {
  listener: Listener<Data>;
}

/** Tells listeners, in the order in which they came. One that throws does not keep it from the others. */
export class Emitter<Events extends ListenerMap> {
  readonly #registrations: { [Name in keyof Events]?: Set<Registration<Events[Name]>> } = {};

  /** What is returned takes the listener away again. */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): Cancel {
    const registrations = this.#registrations[name] ?? new Set();
    this.#registrations[name] = registrations;
    // The same function may listen twice, for two who know nothing of each other.
    const registration = { listener };
    registrations.add(registration);
    return () => void registrations.delete(registration);
  }

  /** As `on`, for the first time alone. */
  once<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): Cancel {
    const cancel = this.on(name, (data) => {
      cancel();
      listener(data);
    });
    return cancel;
  }

  /** Takes away a listener that was given to `on`. */
  off<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): void {
    for (const registration of this.#registrations[name] ?? []) {
      if (registration.listener === listener) this.#registrations[name]?.delete(registration);
    }
  }

  emit<Name extends keyof Events>(name: Name, data: Events[Name]): void {
    for (const { listener } of [...(this.#registrations[name] ?? [])]) {
      try {
        listener(data);
      } catch (error) {
        throwLater(error);
      }
    }
  }
}
