import type { Writable } from "node:stream";

/** Characters that may wait for a reader of the log that does not read. */
const maxWaiting = 1024 * 1024;

interface LineWriter {
  write(line: string): void;
  /** Lines that could not be written since the start. */
  readonly lost: number;
}

/**
 * Writes log lines to a stream whose reader may be slow, stuck or gone, as `server | head` or a log shipper that
 * restarts: a line that does not fit into the buffer is dropped and counted, and the server continues.
 */
export function createLineWriter(stream: Writable): LineWriter {
  let lost = 0;
  let isBroken = false;
  stream.on("error", () => {
    isBroken = true;
  });
  return {
    write(line) {
      if (isBroken || stream.writableLength > maxWaiting) lost++;
      else stream.write(`${line}\n`);
    },
    get lost() {
      return lost;
    },
  };
}
