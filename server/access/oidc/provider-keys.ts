import { setTimeout as delay } from "node:timers/promises";
import { createRemoteJWKSet, customFetch, errors, type FetchImplementation, type JWTVerifyGetKey } from "jose";
import { z } from "zod";
import { Rejection } from "../../../shared/rejection.ts";
import type { Logger } from "../../observe/logger.ts";
import type { Clock } from "../../runtime/clock.ts";
import { doesNotVerify } from "../signed-token.ts";

export interface ProviderKeysOptions {
  issuer: string;
  clock: Clock;
  logger: Logger;
}

export interface ProviderKeys {
  /** Fetches them ahead of the first token. */
  prefetch(): void;
  /** Rejects with `unauthenticated` for a key that the provider does not have, with `unavailable` if that is not known. */
  find: JWTVerifyGetKey;
}

/** Between two fetches, also after one that failed: unknown key ids make the provider work no more often than this. */
const coolDownMs = 1_000;
/** Keys that were fetched longer ago are fetched again, while they go on serving. */
const freshMs = 600_000;
/** How long a provider may take to answer. */
const timeoutMs = 5_000;
/** A discovery document and a set of keys have a few thousand bytes. */
const maxBytes = 512 * 1024;

/**
 * The public keys of an OpenID provider, from its discovery document. `jose` caches and chooses them.
 *
 *   known key ───────────────────► at once, whether or not the provider can be reached
 *   unknown ─► fetched, not too often ─► that key, or `unauthenticated`
 *                   └─ cannot be fetched ─► `unavailable`: the key may be there the next time
 *
 * Its age limit and its cool-down are off: it would refuse known keys while the provider is down, would refuse a new key
 * during the cool-down instead of waiting for its end, and does not count a fetch that failed.
 */
export function createProviderKeys({ issuer, clock, logger }: ProviderKeysOptions): ProviderKeys {
  let triedAt = Number.NEGATIVE_INFINITY;
  let fetchedAt = Number.NEGATIVE_INFINITY;

  const fetchKeys: FetchImplementation = async (discovery, options) => {
    const coolingMs = triedAt + coolDownMs - clock.now();
    if (coolingMs > 0) await delay(coolingMs, undefined, { ref: false });
    triedAt = clock.now();
    try {
      const keySet = KeySet.parse(await readJson(await keysUrl(issuer, discovery, options), options));
      fetchedAt = triedAt;
      return Response.json(keySet);
    } catch (error) {
      logger.warn("OIDC: the keys cannot be read", { issuer, error });
      throw new Rejection("unavailable", "The key of this token is not known now. Try again.");
    }
  };

  // `jose` shares a fetch among all who wait for one.
  const keys = createRemoteJWKSet(new URL(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`), {
    cacheMaxAge: Number.POSITIVE_INFINITY,
    cooldownDuration: 0,
    timeoutDuration: coolDownMs + timeoutMs,
    [customFetch]: fetchKeys,
  });
  const refresh = () => void keys.reload().catch(() => {}); // The failure was logged.

  return {
    prefetch: refresh,

    async find(header, token) {
      try {
        const key = await keys(header, token);
        if (clock.now() - fetchedAt >= freshMs) refresh();
        return key;
      } catch (error) {
        if (error instanceof Rejection) throw error;
        if (error instanceof errors.JWKSNoMatchingKey) throw doesNotVerify("its issuer has no such key");
        throw doesNotVerify(`its issuer's key cannot be used (${error instanceof Error ? error.message : "unknown"})`);
      }
    },
  };
}

const KeySet = z.looseObject({ keys: z.array(z.looseObject({})).min(1) });
const Discovery = z.looseObject({ issuer: z.string(), jwks_uri: z.url() });

type FetchOptions = Parameters<FetchImplementation>[1];

async function keysUrl(issuer: string, discovery: string, options: FetchOptions): Promise<URL> {
  const found = Discovery.parse(await readJson(new URL(discovery), options));
  // Else one provider could speak for another.
  if (found.issuer !== issuer)
    throw new Error(`OIDC_ISSUER is ${issuer}, and the provider calls itself ${found.issuer}`);
  const url = new URL(found.jwks_uri);
  if (url.protocol !== "https:" && url.protocol !== new URL(discovery).protocol)
    throw new Error(`${url} is not encrypted`);
  return url;
}

/** Follows no redirect: keys come from where the operator said, and from nowhere that others might lead to. */
async function readJson(url: URL, options: FetchOptions): Promise<unknown> {
  const response = await fetch(url, options);
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new Error(`${url} answers with more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}
