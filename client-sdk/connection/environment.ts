/** Cancels a timer or removes a listener. */
export type Cancel = () => void;

/** A change of the network, or of the page's visibility. */
export type EnvironmentChange = "online" | "offline" | "visible";

/** A key-value store of strings. */
export interface TextStore {
  /** The value of a key, if it is set. */
  get(key: string): string | undefined;
  /** Sets the value of a key. */
  set(key: string, text: string): void;
  /** Removes a key. */
  delete(key: string): void;
}

/** Everything that a client takes from its host. */
export interface Environment {
  /** Milliseconds since 1970. */
  now(): number;
  /** A random number from 0 (inclusive) to 1 (exclusive). */
  random(): number;
  /** Runs an action after a delay in milliseconds, unless it is cancelled. */
  after(ms: number, action: () => void): Cancel;
  /** Calls the listener when the network goes offline or online, and when the page becomes visible. */
  watch(listener: (change: EnvironmentChange) => void): Cancel;
  /** Storage for the lifetime of the tab; in memory where there is no sessionStorage. */
  readonly session: TextStore;
  /** `fetch`. */
  fetch(url: string, init: RequestInit): Promise<Response>;
}
