import type { Cancel } from "../connection/environment.ts";

/** Something that is shown, and tells when it has changed. `get` gives the same object until it has. */
export interface Store<Value> {
  /** What is shown now. */
  get(): Value;
  /** Calls back when it has changed, until what is returned is called. */
  subscribe(listener: () => void): Cancel;
}

/** What a store is made from. */
export interface StoreSource<Value> {
  /** What is shown now. Called once for all changes of a frame. */
  read(): Value;
  /** Begins with the first listener and ends with the last; `changed` is called for every change. */
  watch(changed: () => void): Cancel;
}

interface Host {
  setTimeout: typeof setTimeout;
  requestAnimationFrame?: (action: () => void) => number;
}

const host: Host = globalThis;

/** Once per frame at most, however much happens. Where nobody looks, frames do not come. */
function nextFrame(action: () => void): void {
  if (host.requestAnimationFrame) host.requestAnimationFrame(action);
  else setTimeout(action, 16);
}

/** Something of an application's own that is made of events, to be shown with `useStore`. */
export function createStore<Value>({ read, watch }: StoreSource<Value>): Store<Value> {
  const listeners = new Set<() => void>();
  let value = read();
  let isScheduled = false;
  let stop: Cancel = () => {};

  function changed(): void {
    if (isScheduled) return;
    isScheduled = true;
    nextFrame(() => {
      isScheduled = false;
      value = read();
      for (const listener of [...listeners]) listener();
    });
  }

  return {
    get: () => value,
    subscribe(listener) {
      // Two that listen with the same function are two.
      const own = () => listener();
      listeners.add(own);
      if (listeners.size === 1) {
        stop = watch(changed);
        changed();
      }
      return () => {
        if (listeners.delete(own) && listeners.size === 0) stop();
      };
    },
  };
}
