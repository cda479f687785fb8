import type { ConnectionId } from "../../shared/ids.ts";
import type { Broadcast } from "../deliver/broadcast.ts";
import { batchesOf } from "../runtime/batches-of.ts";
import type { Failed } from "../runtime/failed.ts";
import { Recheck } from "../runtime/recheck.ts";
import type { Session } from "../session/session.ts";
import type { Sessions } from "../session/sessions.ts";
import type { Documents } from "../store/documents/documents.ts";

interface KickedConnectionsDeps {
  documents: Documents;
  broadcast: Broadcast;
  sessions: Sessions;
  failed: Failed;
}

/** How long a kick is kept. An instance that is cut off for longer from the store does not close the connection. */
const keptMs = 86_400_000;
/** Connections that are written or looked up at the same time. */
const batch = 200;

/** Connections that admins have closed. Kept in the store, for instances that miss the broadcast. */
export class KickedConnections {
  readonly #deps: KickedConnectionsDeps;
  readonly #recheck: Recheck;

  constructor(deps: KickedConnectionsDeps) {
    this.#deps = deps;
    const { broadcast, sessions, failed } = deps;
    this.#recheck = new Recheck(
      () => this.#closeKicked(),
      (error) => failed("compare the connections with those that were kicked", error, { willRetry: true }),
    );
    broadcast.listen((message) => {
      // Broadcasts may have been lost.
      if (message.kind === "recheck") void this.#recheck.start();
      if (message.kind !== "kick") return;
      const kicked = "userId" in message ? sessions.ofUser(message.userId) : [sessions.get(message.connectionId)];
      for (const session of kicked) session?.close("kicked");
    });
  }

  /** Stores the kicks. Rejects with `unavailable` if not all of them could be stored. */
  async keep(connectionIds: readonly ConnectionId[]): Promise<void> {
    const { documents } = this.#deps;
    for (const ids of batchesOf(connectionIds, batch)) {
      // A kick that is stored already is left unchanged.
      await Promise.all(ids.map((id) => documents.put("kick", id, {}, 0, { ttlMs: keptMs })));
    }
  }

  close(): void {
    this.#recheck.close();
  }

  async #closeKicked(): Promise<void> {
    const { sessions, documents } = this.#deps;
    for (const some of batchesOf<Session>([...sessions], batch)) {
      const kicks = await documents.getMany(
        "kick",
        some.map(({ connectionId }) => connectionId),
      );
      for (const [index, session] of some.entries()) if (kicks[index]) session.close("kicked");
    }
  }
}
