import { createHash } from "node:crypto";
import type { Broadcast } from "../../deliver/broadcast.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Principal } from "../../session/principal.ts";
import { concerns, type Revocable, type Revocation, revocable } from "../../session/revocation.ts";
import type { Documents } from "../../store/documents/documents.ts";
import { updateDocument } from "../../store/documents/update-document.ts";

export interface RevocationsDeps {
  documents: Documents;
  broadcast: Broadcast;
  clock: Clock;
}

/** No token should be issued for longer: after this a revocation is forgotten. */
const keptMs = 366 * 86_400_000;
/** How many principals are looked up at once. */
const batch = 200;

/** Which tokens are not good any more, though their signature is. Kept in the store, for every instance and the next. */
export class Revocations {
  readonly #deps: RevocationsDeps;

  constructor(deps: RevocationsDeps) {
    this.#deps = deps;
  }

  /**
   * From now on, or as of then, what it names is refused everywhere; connections are told to every instance.
   * Rejects with `unavailable` when it could not be kept.
   */
  async revoke(what: Revocable, at: number = this.#deps.clock.now()): Promise<Revocation> {
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

  /** Of many principals, those whose tokens are not good any more. */
  async revokedAmong(principals: readonly Principal[]): Promise<Principal[]> {
    const revoked: Principal[] = [];
    for (let from = 0; from < principals.length; from += batch) {
      const some = principals.slice(from, from + batch);
      const ids = new Set(some.flatMap((principal) => revocable(principal).map(documentId)));
      const found = await this.#deps.documents.getMany<Revocation>("revocation", [...ids]);
      const revocations = found.flatMap((document) => (document ? [document.value] : []));
      if (revocations.length === 0) continue;
      revoked.push(...some.filter((principal) => revocations.some((revocation) => concerns(revocation, principal))));
    }
    return revoked;
  }
}

/** An id that stands for itself; none is like what comes of a hash. */
const plainId = /^[\w.@|:-]{1,64}$/;

/** What an issuer writes into `sid` and `jti` may be anything, of any length. */
function documentId({ of, id }: Revocable): string {
  return plainId.test(id) ? `${of}:${id}` : `${of}:#${createHash("sha256").update(id).digest("base64url")}`;
}
