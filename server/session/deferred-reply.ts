interface DeferredReplyOptions<Data> {
  /**
   * The write that must settle before the reply is made. It is sequenced: nothing begun later can come before it, so
   * the connection's next command need not wait for it. If it rejects, so does the command. Default: none.
   */
  stored?: Promise<unknown>;
  /** Makes the reply's data, synchronously in the tick in which the reply is written. */
  finish(): Data;
  /** Called once the reply is written. */
  afterReply?(): void;
}

/**
 * A handler's result where plain data would be too early or too late: an appended message whose write is still under
 * way, or a join whose position must match the first live event after it.
 */
export class DeferredReply<Data> {
  readonly stored: Promise<unknown> | undefined;
  readonly finish: () => Data;
  readonly afterReply: () => void;

  constructor({ stored, finish, afterReply = () => {} }: DeferredReplyOptions<Data>) {
    this.stored = stored;
    this.finish = finish;
    this.afterReply = afterReply;
  }

  /** A reply with the data that the write resolves with. */
  static to<Data>(write: Promise<Data>): DeferredReply<Data> {
    let data: Data;
    const stored = write.then((written) => {
      data = written;
    });
    return new DeferredReply({ stored, finish: () => data });
  }
}
