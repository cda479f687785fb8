/** A queue of leases. In a queue `work:…`, dispatches wait for one agent, or for any agent with a capability. */
export type LeaseQueue = "dispatches" | "agents" | "responses" | `work:agent:${string}` | `work:capability:${string}`;

export interface Lease {
  id: string;
  /** When the lease is due: milliseconds from now, by the store's clock. Negative: ahead of leases that are due now. */
  inMs: number;
}

/**
 * Queues of ids, each due at a time. A lease does not say what to do: the claimant reads the document of the id and
 * decides. So a lease that is claimed twice, or for nothing, does no harm.
 *
 * - An id is in a queue at most once; setting it again changes its time.
 * - Every method rejects with `Rejection("unavailable")` when the store is unreachable.
 */
export interface Leases {
  set(queue: LeaseQueue, leases: readonly Lease[]): Promise<void>;

  /** Like `set`, but never postpones: an id that is due earlier stays as it is. */
  hasten(queue: LeaseQueue, leases: readonly Lease[]): Promise<void>;

  /** Removes an id. Does nothing if it is not in the queue. */
  clear(queue: LeaseQueue, id: string): Promise<void>;

  /**
   * At most `limit` ids that are due, the earliest first. Each becomes due again after `forMs`: until then no other
   * caller gets it, and afterwards another one does if this caller has died.
   */
  claim(queue: LeaseQueue, limit: number, forMs: number): Promise<string[]>;

  /** The first `limit` ids of several queues, whether they are due or not, the earliest first. Claims nothing. */
  first(queues: readonly LeaseQueue[], limit: number): Promise<{ queue: LeaseQueue; id: string }[]>;

  /** The number of ids in the queue. */
  size(queue: LeaseQueue): Promise<number>;
}
