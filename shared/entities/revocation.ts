import { z } from "zod";
import { exactlyOneOf } from "../exactly-one.ts";
import { UserId } from "../ids.ts";
import { Timestamp } from "../json.ts";
import { limits } from "../limits.ts";

/** A `sid` or `jti`, in the issuer's form. */
const Claim = z.string().min(1).max(limits.textLength);

export const Revocation = exactlyOneOf(
  z.strictObject({
    userId: UserId.optional().describe("All tokens of the user that were issued up to now."),
    sessionId: Claim.optional().describe("All tokens with this `sid`."),
    tokenId: Claim.optional().describe("The one token with this `jti`."),
    reason: z.string().max(limits.reasonLength).optional(),
  }),
  "userId",
  "sessionId",
  "tokenId",
);
export type Revocation = z.infer<typeof Revocation>;

export const Revoked = z.strictObject({
  revokedAt: Timestamp.describe("Tokens issued up to this moment are refused."),
});
