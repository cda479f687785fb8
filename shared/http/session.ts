import { z } from "zod";
import { UserId } from "../ids.ts";
import { Timestamp } from "../json.ts";
import { Role } from "../role.ts";

/** `POST /api/session` and `GET /api/session` */
export const SessionAnswer = z.strictObject({
  userId: UserId,
  name: z.string().nullable(),
  roles: z.array(Role),
  expiresAt: Timestamp,
});
export type SessionAnswer = z.infer<typeof SessionAnswer>;

/** `GET /api/session/providers` */
export const SignInProviders = z.strictObject({
  providers: z.array(z.strictObject({ issuer: z.string(), clientId: z.string().describe("Our id at the provider.") })),
});
export type SignInProviders = z.infer<typeof SignInProviders>;
export type SignInProvider = SignInProviders["providers"][number];

/** `POST /api/oidc/backchannel-logout`, a form: OpenID Connect Back-Channel Logout 1.0. Other fields are ignored. */
export const LogoutBody = z.object({ logout_token: z.string() });
