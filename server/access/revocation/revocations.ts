import { createHash } from "node:crypto";
import type { Broadcast } from "../../deliver/broadcast.ts";
import { batchesOf } from "../../runtime/batches-of.ts";
import type { Principal } from "../../session/principal.ts";
import { concerns, type Revocable, type Revocation, revocable } from "../../session/revocation.ts";
import type { Documents } from "../../store/documents/documents.ts";
import { updateDocument } from "../../store/documents/update-document.ts";
import type { StoreTime } from "../../store/store-time.ts";

interface RevocationsDeps {
  documents: Documents;
  broadcast: Broadcast;
  /** Compared with the times at which tokens were issued. */
  time: StoreTime;
}

/** How long a revocation is kept. No token should be valid for longer. */
const keptMs = 366 * 86_400_000;
/** Principals per lookup. */
const batch = 200;

/** Revoked users, sessions and tokens. Kept in the store, so that all instances know them, also after a restart. */
export class Revocations {
  readonly #deps: RevocationsDeps;

  constructor(deps: RevocationsDeps) {
    this.#deps = deps;
  }

  /**
   * Revokes tokens, and has every instance close their connections. Of a user, only tokens issued up to `at` are revoked.
   * Rejects with `unavailable` if the revocation could not be stored.
   */
  async revoke(what: Revocable, at: number = this.#deps.time.now()): Promise<Revocation> {
    const { documents, broadcast } = this.#deps;
    const { value } = await updateDocument(documents, "revocation", documentId(what), (before?: Revocation) => ({
      value: { ...what, at: Math.max(at, before?.at ?? 0) },
      ttlMs: keptMs,
    }));
    broadcast.send({ kind: "revoked", revocation: value });
    return value;
  }

  async isRevoked(principal: Principal): Promise<boolean> {
    const found = await this.#deps.documents.getMany<Revocation>("revocation", revocable(principal).map(documentId));
    return found.some((document) => document && concerns(document.value, principal));
  }

  /** The principals whose tokens are revoked. */
  async revokedAmong(principals: readonly Principal[]): Promise<Principal[]> {
    const revoked: Principal[] = [];
    for (const some of batchesOf(principals, batch)) {
      const ids = new Set(some.flatMap((principal) => revocable(principal).map(documentId)));
      const found = await this.#deps.documents.getMany<Revocation>("revocation", [...ids]);
      const revocations = found.flatMap((document) => (document ? [document.value] : []));
      if (revocations.length === 0) continue;
      revoked.push(...some.filter((principal) => revocations.some((revocation) => concerns(revocation, principal))));
    }
    return revoked;
  }
}

/** An id that is used as it is. It contains no `#`, with which a hash begins. */
const plainId = /^[\w.@|:-]{1,64}$/;

/** Other ids are hashed, since an issuer may write any text of any length into `sid` and `jti`. */
function documentId({ of, id }: Revocable): string {
  return plainId.test(id) ? `${of}:${id}` : `${of}:#${createHash("sha256").update(id).digest("base64url")}`;
}
