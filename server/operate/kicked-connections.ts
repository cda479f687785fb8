import type { ConnectionId } from "../../shared/ids.ts";
import type { Broadcast } from "../deliver/broadcast.ts";
import type { Failed } from "../runtime/failed.ts";
import { pause } from "../runtime/pause.ts";
import type { Session } from "../session/session.ts";
import type { Sessions } from "../session/sessions.ts";
import type { Documents } from "../store/documents/documents.ts";

interface KickedConnectionsDeps {
  documents: Documents;
  broadcast: Broadcast;
  sessions: Sessions;
  failed: Failed;
}

/** How long an instance may be without Redis and still end a connection that was kicked meanwhile. */
const keptMs = 86_400_000;
/** Limits the size of one command to the store. */
const batch = 200;
const retryMs = 500;

/** The connections that admins have ended. Kept in the store for instances that miss the broadcast. */
export class KickedConnections {
  readonly #deps: KickedConnectionsDeps;
  #rechecks = 0;

  constructor(deps: KickedConnectionsDeps) {
    this.#deps = deps;
    const { broadcast, sessions } = deps;
    broadcast.listen((message) => {
      // Broadcasts may have been missed.
      if (message.kind === "recheck") void this.#recheck();
      if (message.kind !== "kick") return;
      const kicked = "userId" in message ? sessions.ofUser(message.userId) : [sessions.get(message.connectionId)];
      for (const session of kicked) session?.close("kicked");
    });
  }

  /** Rejects with `unavailable` if the store cannot be reached; some of them may be kept then. */
  async keep(connectionIds: readonly ConnectionId[]): Promise<void> {
    const { documents } = this.#deps;
    for (const ids of batches(connectionIds)) {
      // `false` is fine: the connection was kicked before, and has not ended yet.
      await Promise.all(ids.map((id) => documents.put("kick", id, {}, 0, { ttlMs: keptMs })));
    }
  }

  close(): void {
    this.#rechecks++;
  }

  async #recheck(): Promise<void> {
    // A later recheck covers an earlier one.
    const own = ++this.#rechecks;
    while (own === this.#rechecks) {
      try {
        return await this.#endKicked();
      } catch (error) {
        this.#deps.failed("compare the connections with those that were kicked", error, { willRetry: true });
        await pause(retryMs);
      }
    }
  }

  async #endKicked(): Promise<void> {
    const { sessions, documents } = this.#deps;
    for (const some of batches<Session>([...sessions])) {
      const kicks = await documents.getMany(
        "kick",
        some.map(({ connectionId }) => connectionId),
      );
      for (const [index, session] of some.entries()) if (kicks[index]) session.close("kicked");
    }
  }
}

function* batches<T>(all: readonly T[]): Iterable<readonly T[]> {
  for (let from = 0; from < all.length; from += batch) yield all.slice(from, from + batch);
}
