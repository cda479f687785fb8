import type { KeyObject } from "node:crypto";
import jwt from "jsonwebtoken";
import { limits } from "../../shared/limits.ts";
import { Rejection } from "../../shared/rejection.ts";
import type { Clock } from "../runtime/clock.ts";

/** How far the clock of an issuer may be off. */
export const clockToleranceSeconds = 10;

/** What a token says of itself. None of it is verified. */
export interface TokenHead {
  algorithm: string;
  keyId: string | undefined;
  /** `typ` of the header. */
  type: string | undefined;
  issuer: string | undefined;
}

export interface Expected {
  algorithm: jwt.Algorithm;
  audience?: string | undefined;
  issuer?: string | undefined;
  clock: Clock;
}

/** Rejects what is no JWT as `unauthenticated`. */
export function readHead(token: string): TokenHead {
  assertLength(token);
  const decoded = decode(token);
  if (decoded === null || typeof decoded.payload !== "object") throw doesNotVerify("it is no JWT");
  const { alg, kid, typ } = decoded.header;
  return { algorithm: alg, keyId: textOr(kid), type: textOr(typ), issuer: textOr(decoded.payload.iss) };
}

/**
 * The claims of a token whose signature, audience and issuer are right; its end is not looked at, since an expired
 * token is to be told so only if all else is right. Rejects as `unauthenticated`.
 */
export function verifySignature(token: string, key: KeyObject, expected: Expected): unknown {
  assertLength(token);
  const { header, payload } = verify(token, key, expected);
  // What is marked as critical must be understood, and nothing here understands any of it.
  if (header.crit !== undefined) throw doesNotVerify("it has critical headers");
  return payload;
}

function verify(token: string, key: KeyObject, { algorithm, audience, issuer, clock }: Expected): jwt.Jwt {
  try {
    return jwt.verify(token, key, {
      complete: true,
      algorithms: [algorithm],
      clockTolerance: clockToleranceSeconds,
      clockTimestamp: Math.floor(clock.now() / 1000),
      ignoreExpiration: true,
      ...(audience === undefined ? {} : { audience }),
      ...(issuer === undefined ? {} : { issuer }),
    });
  } catch (error) {
    throw doesNotVerify(error instanceof Error ? error.message : "unknown");
  }
}

export function doesNotVerify(why: string): Rejection {
  return new Rejection("unauthenticated", `The token does not verify: ${why}.`);
}

function assertLength(token: string): void {
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
