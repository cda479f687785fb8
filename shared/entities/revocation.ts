import { z } from "zod";
import { exactlyOne } from "../exactly-one.ts";
import { UserId } from "../ids.ts";
import { Timestamp } from "../json.ts";
import { limits } from "../limits.ts";

/** A `sid` or `jti`: whatever the issuer writes. */
const Claim = z.string().min(1).max(limits.textLength);

/** Whose tokens are refused from now on: all of a user, of a session (`sid`), or one (`jti`). */
export const Revocation = z
  .strictObject({
    userId: UserId.optional(),
    sessionId: Claim.optional(),
    tokenId: Claim.optional(),
    reason: z.string().max(limits.reasonLength).optional(),
  })
  .refine(exactlyOne("userId", "sessionId", "tokenId"), "needs exactly one of userId, sessionId and tokenId");
export type Revocation = z.infer<typeof Revocation>;

export const Revoked = z.strictObject({
  /** Tokens issued up to this moment are refused. */
  revokedAt: Timestamp,
});
