import type { SignInProvider } from "../../shared/http/session.ts";
import type { UserId } from "../../shared/ids.ts";
import { CookieSessions, createCookieSessionTokens } from "../access/cookie-sessions.ts";
import { createIssuers } from "../access/issuers.ts";
import { type BackChannelLogout, createBackChannelLogout } from "../access/oidc/back-channel-logout.ts";
import { createProvider, type Provider, type ProviderOptions } from "../access/oidc/provider.ts";
import { createProviderKeys } from "../access/oidc/provider-keys.ts";
import { createRevocableTokens } from "../access/revocable-tokens.ts";
import { Revocations } from "../access/revocation/revocations.ts";
import { RevokedConnections } from "../access/revocation/revoked-connections.ts";
import { createSharedSecretVerifier } from "../access/shared-secret-verifier.ts";
import type { TokenVerifier } from "../access/token-verifier.ts";
import type { Broadcast } from "../deliver/broadcast.ts";
import type { Logger } from "../observe/logger.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Failed } from "../runtime/failed.ts";
import type { Sessions } from "../session/sessions.ts";
import type { Documents } from "../store/documents/documents.ts";
import type { StoreTime } from "../store/store-time.ts";
import type { Config } from "./config.ts";

interface IdentityDeps {
  documents: Documents;
  broadcast: Broadcast;
  sessions: Sessions;
  clock: Clock;
  /** The clock by which tokens are revoked. */
  time: StoreTime;
  logger: Logger;
  failed: Failed;
}

/** How users are authenticated, and how their access ends. */
export interface Identity {
  verifier: TokenVerifier;
  cookieSessions: CookieSessions;
  revocations: Revocations;
  revoked: RevokedConnections;
  /** Providers for signing in: those for which this server has a client id. */
  providers: readonly SignInProvider[];
  /** `undefined`: this server has no client id at any provider. */
  backChannelLogout: BackChannelLogout | undefined;
}

/** The trusted issuers, as configured, and revocations. */
export function openIdentity(config: Config, deps: IdentityDeps): Identity {
  const { clock, logger } = deps;
  const ignored = (userId: UserId, claims: readonly string[]) =>
    void logger.debug("claims ignored", { userId, claims });
  const common = { clock, logger, ignored };
  const providers = new Map(config.OIDC_ISSUER.map((issuer) => [issuer, openProvider(issuer, config, common)]));
  const { JWT_SECRET: secret, JWT_AUDIENCE: audience, JWT_ISSUER: issuer } = config;
  const others = secret === undefined ? undefined : createSharedSecretVerifier({ ...common, secret, audience, issuer });

  const revocations = new Revocations(deps);
  const revoked = new RevokedConnections({ ...deps, revocations });
  const cookieSessions = new CookieSessions({ ...deps, revocations });
  const tokens = createCookieSessionTokens({ cookieSessions, verifier: createIssuers({ providers, others }) });
  const verifier = createRevocableTokens({ verifier: tokens, revocations, revoked, clock });
  const { OIDC_ISSUER, OIDC_CLIENT_ID: clientId } = config;
  const signIn = clientId === undefined ? [] : OIDC_ISSUER.map((issuer) => ({ issuer, clientId }));
  const backChannelLogout = signIn.length > 0 ? createBackChannelLogout({ providers, revocations }) : undefined;
  return { verifier, cookieSessions, revocations, revoked, providers: signIn, backChannelLogout };
}

type ProviderDeps = Pick<ProviderOptions, "clock" | "ignored"> & Pick<IdentityDeps, "logger">;

function openProvider(issuer: string, config: Config, { clock, logger, ignored }: ProviderDeps): Provider {
  const keys = createProviderKeys({ issuer, clock, logger });
  keys.prefetch();
  const { OIDC_AUDIENCE: audience, OIDC_CLIENT_ID: clientId, OIDC_ROLES_CLAIM: rolesClaim } = config;
  return createProvider({ issuer, audience, clientId, rolesClaim, keys, clock, ignored });
}
