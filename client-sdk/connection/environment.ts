/** Tells that something is no longer wanted. */
export type Cancel = () => void;

/** What the world outside tells a client. */
export type EnvironmentChange = "online" | "offline" | "visible";

/** Where a client keeps texts that outlive a reload of the page. */
export interface TextStore {
  /** What was kept under a name, if anything. */
  get(key: string): string | undefined;
  /** Keeps a text under a name, in the place of what was there. */
  set(key: string, text: string): void;
  /** Keeps nothing under a name any more. */
  delete(key: string): void;
}

/** Everything that a client takes from where it runs. */
export interface Environment {
  /** Milliseconds since 1970. */
  now(): number;
  /** From 0 to 1, without 1. */
  random(): number;
  /** Carries out an action after so many milliseconds, unless it is cancelled. */
  after(ms: number, action: () => void): Cancel;
  /** Tells of the network's coming and going, and of the page's coming into sight. */
  watch(listener: (change: EnvironmentChange) => void): Cancel;
  /** For as long as the tab lives; memory where there is no such thing. */
  readonly session: TextStore;
  /** Asks over HTTP. */
  fetch(url: string, init: RequestInit): Promise<Response>;
}
