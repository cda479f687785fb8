/**
 * A reply that is made in the tick in which it is written, for what must not drift apart: the position in a join's
 * reply and the first live event after it.
 */
export class AtReply<Data> {
  /** Makes the reply's data. Synchronous; the reply is written right after. */
  readonly finish: () => Data;
  /** Done once the reply is written. */
  readonly afterwards: () => void;

  constructor(finish: () => Data, afterwards: () => void = () => {}) {
    this.finish = finish;
    this.afterwards = afterwards;
  }
}
