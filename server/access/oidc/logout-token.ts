import { z } from "zod";
import type { UserId } from "../../../shared/ids.ts";
import type { Clock } from "../../runtime/clock.ts";
import { IdClaim } from "../claims.ts";
import { clockToleranceSeconds, doesNotVerify } from "../signed-token.ts";
import { userIdOf } from "../user-id.ts";

/** Source: OpenID Connect Back-Channel Logout 1.0, section 2.4. */
const Claims = z.looseObject({
  iat: z.number(),
  exp: z.number().optional(),
  sub: z.string().min(1).optional(),
  sid: IdClaim.optional(),
  events: z.looseObject({ "http://schemas.openid.net/event/backchannel-logout": z.looseObject({}) }),
  // An ID token may have one; it could be posted as a logout token otherwise.
  nonce: z.undefined().optional(),
});

/** Who has logged out: of one session, or, without one, of all. */
export interface LogoutToken {
  userId: UserId | undefined;
  sessionId: string | undefined;
  /** Milliseconds since 1970: who logs in after it stays. */
  issuedAt: number;
}

/** How old one may be that does not say when it ends. */
const maxAgeSeconds = 300;

/** Rejects as `unauthenticated` claims that are not those of a logout token. Their signature is right. */
export function readLogoutToken(verified: unknown, clock: Clock): LogoutToken {
  const { data } = Claims.safeParse(verified);
  if (!data || (data.sub === undefined && data.sid === undefined)) throw doesNotVerify("it is no logout token");
  const { iat, exp = iat + maxAgeSeconds, sub, sid } = data;
  const nowSeconds = clock.now() / 1000;
  if (nowSeconds >= exp + clockToleranceSeconds || iat > nowSeconds + clockToleranceSeconds) {
    throw doesNotVerify("it is not of now");
  }
  return { userId: sub === undefined ? undefined : userIdOf(sub), sessionId: sid, issuedAt: iat * 1000 };
}
