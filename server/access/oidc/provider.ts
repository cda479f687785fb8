import { errors, type JWTPayload, jwtVerify } from "jose";
import { Rejection } from "../../../shared/rejection.ts";
import type { Clock } from "../../runtime/clock.ts";
import { type Claims, namesIn, type PrincipalOptions, principalOf, usualRoles } from "../claims.ts";
import { clockToleranceSeconds, doesNotVerify, readHead } from "../signed-token.ts";
import type { TokenVerifier } from "../token-verifier.ts";
import { type LogoutToken, readLogoutToken } from "./logout-token.ts";
import type { ProviderKeys } from "./provider-keys.ts";

export interface ProviderOptions {
  issuer: string;
  /** The value that `aud` must contain. Default: see `clientId`. */
  audience?: string | undefined;
  /** Used without `audience`: the client that the token must have been issued to or for. Default: any client. */
  clientId?: string | undefined;
  /** The claim that holds the roles, or a path to it: `resource_access.app.roles`. Default: `roles`, or Keycloak's claims. */
  rolesClaim?: string | undefined;
  keys: ProviderKeys;
  clock: Clock;
  ignored: PrincipalOptions["ignored"];
}

/** Verifies the tokens of an OpenID provider. */
export interface Provider extends TokenVerifier {
  /** Verifies a logout token that the provider posted. */
  verifyLogout(token: string): Promise<LogoutToken>;
}

/** The accepted signature algorithms. All are asymmetric, so the keys that this server knows cannot sign a token. */
const algorithms = ["RS256", "PS256", "ES256"];

/** The access tokens of an OpenID provider: Keycloak, or any other that signs them as JWTs. */
export function createProvider(options: ProviderOptions): Provider {
  const { issuer, audience, clientId, rolesClaim, keys, clock, ignored } = options;
  const verify = async (token: string, expectedAudience: string | undefined): Promise<JWTPayload> => {
    try {
      const { payload } = await jwtVerify(token, keys.find, {
        algorithms,
        issuer,
        ...(expectedAudience === undefined ? {} : { audience: expectedAudience }),
        clockTolerance: clockToleranceSeconds,
        currentDate: new Date(clock.now()),
      });
      return payload;
    } catch (error) {
      // jose checks the expiry last, so signature, issuer and audience are right. The callers check the expiry after the
      // other claims, so that `token_expired` is only sent if all else is right.
      if (error instanceof errors.JWTExpired) return error.payload;
      if (error instanceof Rejection) throw error;
      throw doesNotVerify(error instanceof Error ? error.message : "unknown");
    }
  };

  return {
    async verify(token) {
      const { type } = readHead(token);
      const rolesOf = (claims: Claims) => {
        assertAccessToken(claims, type);
        if (audience === undefined && clientId !== undefined) assertFor(clientId, claims);
        return rolesIn(claims, rolesClaim, clientId);
      };
      return principalOf(await verify(token, audience), { clock, rolesOf, ignored });
    },

    async verifyLogout(token) {
      return readLogoutToken(await verify(token, clientId), clock);
    },
  };
}

/**
 * Rejects ID tokens and the like. Providers mark an access token in different ways: by the header (RFC 9068), by the
 * claim `typ` (Keycloak), or only by the scope, which an ID token does not have.
 */
function assertAccessToken(claims: Claims, type: string | undefined): void {
  const kind = (type ?? "JWT").toLowerCase().replace(/^application\//, "");
  const names = Object.keys(claims);
  const isMarked = kind === "at+jwt" || claims.typ?.toLowerCase() === "bearer";
  const isScoped = ["scope", "scp", "idtyp"].some((name) => names.includes(name));
  const isForTheClient = ["at_hash", "c_hash", "events"].some((name) => names.includes(name));
  // A token that is bound to a key (DPoP) is valid only with a proof of possession, which no door supports.
  const isOfAnotherKind = !["at+jwt", "jwt"].includes(kind) || claims.typ === "DPoP" || names.includes("cnf");
  if (isOfAnotherKind || !(isMarked || (isScoped && !isForTheClient))) throw doesNotVerify("it is no access token");
}

/** Some providers do not put the program into the audience, but name the client that the token was issued to. */
function assertFor(clientId: string, { aud, azp, client_id }: Claims): void {
  const named = [aud, azp, client_id].flat();
  if (!named.includes(clientId)) throw doesNotVerify("it was issued for another client");
}

function rolesIn(claims: Claims, path: string | undefined, clientId: string | undefined): readonly string[] {
  if (path !== undefined) return namesAt(claims, path);
  const ofClient = clientId === undefined ? [] : namesIn(valueAt(claims, ["resource_access", clientId, "roles"]));
  return [...usualRoles(claims), ...ofClient];
}

/** The names in the claim at `path`. A claim whose own name contains dots wins: `https://example.com/roles`. */
function namesAt(claims: Claims, path: string): readonly string[] {
  return namesIn(Object.hasOwn(claims, path) ? claims[path] : valueAt(claims, path.split(".")));
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return valueAt(Reflect.get(value, name), rest);
}
