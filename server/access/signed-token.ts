import jwt from "jsonwebtoken";
import { limits } from "../../shared/limits.ts";
import { Rejection } from "../../shared/rejection.ts";

/** How far the clock of an issuer may be off. */
export const clockToleranceSeconds = 10;

/** Parts of a token that are read before it is verified. */
interface TokenHead {
  /** Empty if the header has none. */
  algorithm: string;
  /** `typ` of the header. */
  type: string | undefined;
  issuer: string | undefined;
}

/** Throws `Rejection("unauthenticated")` if the token is not a JWT. */
export function readHead(token: string): TokenHead {
  assertLength(token);
  const decoded = decode(token);
  if (decoded === null || typeof decoded.payload !== "object") throw doesNotVerify("it is no JWT");
  const { alg, typ } = decoded.header;
  return { algorithm: textOr(alg) ?? "", type: textOr(typ), issuer: textOr(decoded.payload.iss) };
}

export function doesNotVerify(why: string): Rejection {
  return new Rejection("unauthenticated", `The token does not verify: ${why}.`);
}

/** Characters of an issuer's name that a rejection quotes. */
const issuerLength = 200;

/** The rejection of a token from an unknown issuer. Names the issuer, since `invalid algorithm` would hide the cause. */
export function untrustedIssuer(issuer: string | undefined): Rejection {
  if (issuer === undefined)
    return doesNotVerify("it names no issuer, and this server trusts tokens of named ones only");
  const named = JSON.stringify(issuer.slice(0, issuerLength));
  return doesNotVerify(`its issuer, ${named}, is not one that this server trusts`);
}

/** Throws `Rejection("unauthenticated")` if the token is too long. */
export function assertLength(token: string): void {
  if (token.length > limits.tokenLength) throw doesNotVerify("it is too long");
}

function decode(token: string): jwt.Jwt | null {
  try {
    return jwt.decode(token, { complete: true });
  } catch {
    return null;
  }
}

/** The values of an unverified header may have any type, whatever the declaration says. */
const textOr = (value: unknown) => (typeof value === "string" ? value : undefined);
