import { z } from "zod";
import { UserId } from "../ids.ts";
import { Timestamp } from "../json.ts";
import { Role } from "../role.ts";

/** `POST /api/session`: the session cookie stands for the token of the request until then. */
export const SessionAnswer = z.strictObject({ userId: UserId, roles: z.array(Role), expiresAt: Timestamp });
/** `POST /api/oidc/backchannel-logout`, as a form: OpenID Connect Back-Channel Logout 1.0. Other fields are ignored. */
export const LogoutBody = z.object({ logout_token: z.string() });

export type SessionAnswer = z.infer<typeof SessionAnswer>;
