/** A queue of leases. In a queue `work:…`, dispatches wait for one agent, or for any agent with a capability. */
export type LeaseQueue = "dispatches" | "agents" | `work:agent:${string}` | `work:capability:${string}`;

export interface Lease {
  id: string;
  /** Milliseconds from now, by the store's clock; below 0: before those that are due now. */
  inMs: number;
}

/**
 * What must be looked at again when. Says nothing of what is to be seen then: whoever looks decides by the document,
 * so to look twice, or for nothing, does no harm.
 *
 * - An id stands in a line once; setting it again moves it.
 * - Every method rejects with `Rejection("unavailable")` when the store is out of reach.
 */
export interface Leases {
  set(line: LeaseQueue, leases: readonly Lease[]): Promise<void>;

  /** An id that does not stand in the line is left alone. */
  clear(line: LeaseQueue, id: string): Promise<void>;

  /**
   * At most `limit` ids whose time has come, the earliest first. They are put off by `forMs`, so that nobody else has
   * them meanwhile, and somebody has them should this caller die.
   */
  claim(line: LeaseQueue, limit: number, forMs: number): Promise<string[]>;

  /** At most `limit` ids from the front of the lines, whether their time has come or not, the earliest first. Takes nothing. */
  first(lines: readonly LeaseQueue[], limit: number): Promise<{ line: LeaseQueue; id: string }[]>;

  /** How many ids stand in the line. */
  size(line: LeaseQueue): Promise<number>;
}
