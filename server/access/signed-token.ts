import jwt from "jsonwebtoken";
import { limits } from "../../shared/limits.ts";
import { Rejection } from "../../shared/rejection.ts";

/** How far the clock of an issuer may be off. */
export const clockToleranceSeconds = 10;

/** What a token says of itself. None of it is verified. */
export interface TokenHead {
  /** Empty if it is no text. */
  algorithm: string;
  /** `typ` of the header. */
  type: string | undefined;
  issuer: string | undefined;
}

/** Rejects what is no JWT as `unauthenticated`. */
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

/** Of the issuer that a token names, so much is repeated. */
const issuerLength = 200;

/** For a token of an issuer that is in no setting: names it, since `invalid algorithm` would say nothing of the cause. */
export function untrustedIssuer(issuer: string | undefined): Rejection {
  if (issuer === undefined)
    return doesNotVerify("it names no issuer, and this server trusts tokens of named ones only");
  const named = JSON.stringify(issuer.slice(0, issuerLength));
  return doesNotVerify(`its issuer, ${named}, is not one that this server trusts`);
}

/** Rejects as `unauthenticated` what is longer than any token. */
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

/** The header comes from outside, whatever its type says. */
const textOr = (value: unknown) => (typeof value === "string" ? value : undefined);
