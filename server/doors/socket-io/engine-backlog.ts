/**
 * The packets that an engine's connection has accepted and not yet handed to its transport, which takes more only when
 * the network has taken the last ones. Counted with the engine's public events `packetCreate` and `flush`.
 */
export class EngineBacklog {
  #packets = 0;
  #bytes = 0;
  #flushes = 0;

  /** For `packetCreate`. */
  add({ data }: { data?: unknown }): void {
    this.#packets++;
    if (typeof data === "string" || Buffer.isBuffer(data)) this.#bytes += data.length;
  }

  /** For `flush`. */
  clear(): void {
    this.#flushes++;
    this.#packets = 0;
    this.#bytes = 0;
  }

  get isEmpty(): boolean {
    return this.#packets === 0;
  }

  /** Characters, for text. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Stays the same while the network takes none of the packets. `undefined`: there are none. */
  get oldest(): number | undefined {
    return this.isEmpty ? undefined : this.#flushes;
  }
}
