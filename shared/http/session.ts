import { z } from "zod";
import { UserId } from "../ids.ts";
import { Timestamp } from "../json.ts";
import { Role } from "../role.ts";

/** `POST /api/session`: the session cookie stands for the token of the request until then. */
export const SessionAnswer = z.strictObject({
  userId: UserId,
  name: z.string().nullable(),
  roles: z.array(Role),
  expiresAt: Timestamp,
});
/** `GET /api/session/providers`: OpenID providers that a page may send people to, and what they know us as. */
export const SignInProviders = z.strictObject({
  providers: z.array(z.strictObject({ issuer: z.string(), clientId: z.string() })),
});

/** `POST /api/oidc/backchannel-logout`, as a form: OpenID Connect Back-Channel Logout 1.0. Other fields are ignored. */
export const LogoutBody = z.object({ logout_token: z.string() });

export type SessionAnswer = z.infer<typeof SessionAnswer>;
export type SignInProviders = z.infer<typeof SignInProviders>;
export type SignInProvider = SignInProviders["providers"][number];
