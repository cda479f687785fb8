import type { Cancel } from "../connection/environment.ts";

/** An observable value, as `useSyncExternalStore` needs it. `get` returns the same object until the value changes. */
export interface Store<Value> {
  /** The current value. */
  get(): Value;
  /** Calls the listener after changes. Returns a function that removes it. */
  subscribe(listener: () => void): Cancel;
}

/** Source of a {@link Store}. */
export interface StoreSource<Value> {
  /** Computes the value. Called at most once per frame. */
  read(): Value;
  /** Called with the first listener; call `changed` for every change. The returned function runs after the last listener is removed. */
  watch(changed: () => void): Cancel;
  /** Minimum time between two updates, milliseconds. Default: 0, which is once per frame. */
  restMs?: number;
}

interface Host {
  setTimeout: typeof setTimeout;
  requestAnimationFrame?: (action: () => void) => number;
}

const host: Host = globalThis;

/** Runs an action with the next frame. Background tabs get no frames, so nothing is rendered there. */
function nextFrame(action: () => void): void {
  if (host.requestAnimationFrame) host.requestAnimationFrame(action);
  else setTimeout(action, 16);
}

function after(restMs: number, action: () => void): void {
  if (restMs <= 0) nextFrame(action);
  else setTimeout(() => nextFrame(action), restMs);
}

/** Creates a store of an application's own, to be used with `useStore`. */
export function createStore<Value>({ read, watch, restMs = 0 }: StoreSource<Value>): Store<Value> {
  const listeners = new Set<() => void>();
  let value = read();
  let isScheduled = false;
  let notifiedAt = 0;
  let stop: Cancel = () => {};

  function changed(): void {
    if (isScheduled) return;
    isScheduled = true;
    after(notifiedAt + restMs - Date.now(), () => {
      isScheduled = false;
      notifiedAt = Date.now();
      value = read();
      for (const listener of [...listeners]) listener();
    });
  }

  return {
    get: () => value,
    subscribe(listener) {
      // The same function may be registered twice.
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
