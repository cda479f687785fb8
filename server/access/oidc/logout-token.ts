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
  // Must be absent: only ID tokens have a nonce, and an ID token must not work as a logout token.
  nonce: z.undefined().optional(),
});

/** The end of one session, or of all sessions of a user if `sessionId` is absent. */
export interface LogoutToken {
  userId: UserId | undefined;
  sessionId: string | undefined;
  /** Milliseconds since 1970. Sessions that began later are not concerned. */
  issuedAt: number;
}

/** How long a token without `exp` is valid. */
const maxAgeSeconds = 300;

/** Reads verified claims. Rejects with `unauthenticated` if they are not those of a logout token. */
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
