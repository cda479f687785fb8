import { createPublicKey, type KeyObject } from "node:crypto";
import type { Algorithm } from "jsonwebtoken";
import { z } from "zod";
import { doesNotVerify } from "../signed-token.ts";

/** What a provider may sign with. All of them are asymmetric: what we know cannot make a token. */
export const providerAlgorithms = ["RS256", "PS256", "ES256"] as const satisfies readonly Algorithm[];
export type ProviderAlgorithm = (typeof providerAlgorithms)[number];

/** A public key of a provider, and what it is for. */
export interface SigningKey {
  id: string | undefined;
  algorithms: readonly ProviderAlgorithm[];
  key: KeyObject;
}

const Jwk = z.looseObject({
  kty: z.string(),
  kid: z.string().optional(),
  use: z.string().optional(),
  alg: z.string().optional(),
});

export const KeySet = z.looseObject({ keys: z.array(z.unknown()).max(1_000) });

const minRsaBits = 2_048;

/** Those of a key set that can verify tokens; others stand there for other purposes. */
export function signingKeys({ keys }: z.output<typeof KeySet>): SigningKey[] {
  return keys.flatMap((given) => {
    const jwk = Jwk.safeParse(given).data;
    if (!jwk || (jwk.use ?? "sig") !== "sig") return [];
    const key = publicKeyOf(jwk);
    const algorithms = key ? algorithmsOf(key).filter((algorithm) => (jwk.alg ?? algorithm) === algorithm) : [];
    return key && algorithms.length > 0 ? [{ id: jwk.kid, algorithms, key }] : [];
  });
}

/** Rejects as `unauthenticated` what nobody here signs with. */
export function toProviderAlgorithm(name: string): ProviderAlgorithm {
  const found = providerAlgorithms.find((algorithm) => algorithm === name);
  if (!found) throw doesNotVerify("its algorithm is not one of its issuer's");
  return found;
}

function publicKeyOf(jwk: z.output<typeof Jwk>): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: "jwk" });
  } catch {
    return undefined;
  }
}

function algorithmsOf({ asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject): ProviderAlgorithm[] {
  const { modulusLength = 0, namedCurve } = asymmetricKeyDetails;
  if (asymmetricKeyType === "rsa" && modulusLength >= minRsaBits) return ["RS256", "PS256"];
  if (asymmetricKeyType === "ec" && namedCurve === "prime256v1") return ["ES256"];
  return [];
}
