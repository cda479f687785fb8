import type { Cancel } from "./connection/environment.ts";
import { Emitter, type ListenerMap } from "./emitter.ts";

/** Called when the first listener is added and after the last one is removed. */
interface Activation {
  activate(): void;
  deactivate(): void;
}

/** An emitter whose source is active only while it has listeners. */
export class LazyEmitter<Events extends ListenerMap> {
  readonly #emitter = new Emitter<Events>();
  readonly #activation: Activation;
  #listeners = 0;

  constructor(activation: Activation) {
    this.#activation = activation;
  }

  /** Returns a function that removes the listener. */
  on<Name extends keyof Events>(name: Name, listener: (data: Events[Name]) => void): Cancel {
    const cancel = this.#emitter.on(name, listener);
    this.#listeners += 1;
    if (this.#listeners === 1) this.#activation.activate();
    let isRegistered = true;
    return () => {
      if (!isRegistered) return;
      isRegistered = false;
      cancel();
      this.#listeners -= 1;
      if (this.#listeners === 0) this.#activation.deactivate();
    };
  }

  emit<Name extends keyof Events>(name: Name, data: Events[Name]): void {
    this.#emitter.emit(name, data);
  }
}
