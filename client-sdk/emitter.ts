import { rethrowAsync } from "./bus/message-bus.ts";
import type { Cancel } from "./connection/environment.ts";

/** Event names and the data that their listeners receive. */
export type ListenerMap = Record<string, unknown>;

type Listener<Data> = (data: Data) => void;

interface Registration<Data> {
  listener: Listener<Data>;
}

/** Calls listeners in the order of registration. A listener that throws does not affect the others. */
export class Emitter<Events extends ListenerMap> {
  readonly #registrations: { [Name in keyof Events]?: Set<Registration<Events[Name]>> } = {};

  /** Returns a function that removes the listener. */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): Cancel {
    const registrations = this.#registrations[name] ?? new Set();
    this.#registrations[name] = registrations;
    // Two independent callers may register the same function.
    const registration = { listener };
    registrations.add(registration);
    return () => void registrations.delete(registration);
  }

  /** As `on`, for the next event only. */
  once<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): Cancel {
    const cancel = this.on(name, (data) => {
      cancel();
      listener(data);
    });
    return cancel;
  }

  /** Removes a listener that was added with `on`. */
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
        rethrowAsync(error);
      }
    }
  }
}
