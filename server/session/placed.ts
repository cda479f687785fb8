/**
 * What a handler returns when its event has its place in the log's order, and is on its way there: the next of the
 * connection need not wait for the answer.
 */
export class Placed<Data> {
  /** The reply's data, or why it is not in the log. */
  readonly kept: Promise<Data>;

  constructor(kept: Promise<Data>) {
    this.kept = kept;
  }
}
