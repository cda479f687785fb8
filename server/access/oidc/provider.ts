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
  /** What `aud` must have. Default: see `clientId`. */
  audience?: string | undefined;
  /** Without an audience: whom the token was issued for, or by. Default: anybody. */
  clientId?: string | undefined;
  /** The claim that holds the roles, or a path to it: `resource_access.app.roles`. Default: `roles`, or Keycloak's claims. */
  rolesClaim?: string | undefined;
  keys: ProviderKeys;
  clock: Clock;
  ignored: PrincipalOptions["ignored"];
}

/** An OpenID provider, as far as its tokens go. */
export interface Provider extends TokenVerifier {
  /** Verifies a logout token that the provider posted. */
  verifyLogout(token: string): Promise<LogoutToken>;
}

/** What a provider may sign with. All of them are asymmetric: what this server knows cannot make a token. */
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
      // Checked last, with a signature, an issuer and an audience that are right. To be told so only if all else is, too.
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
 * Providers differ in how they mark an access token: by the header (RFC 9068), by `typ` (Keycloak), or by nothing but
 * the scope, which an ID token does not have.
 */
function assertAccessToken(claims: Claims, type: string | undefined): void {
  const kind = (type ?? "JWT").toLowerCase().replace(/^application\//, "");
  const names = Object.keys(claims);
  const isMarked = kind === "at+jwt" || claims.typ?.toLowerCase() === "bearer";
  const isScoped = ["scope", "scp", "idtyp"].some((name) => names.includes(name));
  const isForTheClient = ["at_hash", "c_hash", "events"].some((name) => names.includes(name));
  // A token that is bound to a key (DPoP) is good only with a proof of that key, which no door asks for.
  const isOfAnotherKind = !["at+jwt", "jwt"].includes(kind) || claims.typ === "DPoP" || names.includes("cnf");
  if (isOfAnotherKind || !(isMarked || (isScoped && !isForTheClient))) throw doesNotVerify("it is no access token");
}

/** Some providers write no audience for the program itself, but say which client the token was issued to. */
function assertFor(clientId: string, { aud, azp, client_id }: Claims): void {
  const named = [aud, azp, client_id].flat();
  if (!named.includes(clientId)) throw doesNotVerify("it was issued for another client");
}

function rolesIn(claims: Claims, path: string | undefined, clientId: string | undefined): readonly string[] {
  if (path !== undefined) return namesAt(claims, path);
  const ofClient = clientId === undefined ? [] : namesIn(valueAt(claims, ["resource_access", clientId, "roles"]));
  return [...usualRoles(claims), ...ofClient];
}

/** Some names have dots, and slashes: `https://example.com/roles`. */
function namesAt(claims: Claims, path: string): readonly string[] {
  return namesIn(Object.hasOwn(claims, path) ? claims[path] : valueAt(claims, path.split(".")));
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return valueAt(Reflect.get(value, name), rest);
}
