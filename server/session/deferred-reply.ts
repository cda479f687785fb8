export interface DeferredReplyOptions<Data> {
  /**
   * The write that must be done before the reply is made. Nothing that is begun later can come before it, so the
   * connection's next command need not wait for it to settle. Its rejection is the reply. Default: none.
   */
  stored?: Promise<unknown>;
  /** Makes the reply's data. Synchronous, in the tick in which the reply is written. */
  finish(): Data;
  /** Called once the reply is written. */
  afterReply?(): void;
}

/**
 * What a handler returns where plain data would be too early or too late: a message whose place in the log is taken and
 * whose write is still under way, or a join whose position must not drift apart from the first live event after it.
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

  /** The reply is what the write resolves with. */
  static to<Data>(write: Promise<Data>): DeferredReply<Data> {
    let data: Data;
    const stored = write.then((written) => {
      data = written;
    });
    return new DeferredReply({ stored, finish: () => data });
  }
}
