import { setTimeout as delay } from "node:timers/promises";
import { createRemoteJWKSet, customFetch, errors, type FetchImplementation, type JWTVerifyGetKey } from "jose";
import { z } from "zod";
import { Rejection } from "../../../shared/rejection.ts";
import type { Logger } from "../../observe/logger.ts";
import type { Clock } from "../../runtime/clock.ts";
import { doesNotVerify } from "../signed-token.ts";

interface ProviderKeysOptions {
  issuer: string;
  clock: Clock;
  logger: Logger;
}

export interface ProviderKeys {
  /** Fetches the keys ahead of the first token. */
  prefetch(): void;
  /** Rejects with `unauthenticated` if the provider has no such key, with `unavailable` if its keys cannot be fetched. */
  find: JWTVerifyGetKey;
}

/** The least time between two fetches, also failed ones, so that tokens with unknown keys do not burden the provider. */
const coolDownMs = 1_000;
/** Keys older than this are fetched again in the background, and used meanwhile. */
const freshMs = 600_000;
/** How long a provider may take to reply. */
const timeoutMs = 5_000;
/** A limit for untrusted replies: a discovery document and a key set have a few thousand bytes. */
const maxBytes = 512 * 1024;

/**
 * The public keys of an OpenID provider, from its discovery document. `jose` caches and chooses them.
 *
 *   known key ───────────────────► used at once, even if the provider is down
 *   unknown key ─► keys are fetched, but not too often ─► the key, or `unauthenticated`
 *                   └─ fetch failed ─► `unavailable`: a retry may find the key
 *
 * The age limit and the cool-down of `jose` are off. They would refuse known keys while the provider is down, refuse a new
 * key during the cool-down instead of waiting for its end, and not count failed fetches.
 */
export function createProviderKeys({ issuer, clock, logger }: ProviderKeysOptions): ProviderKeys {
  let triedAt = Number.NEGATIVE_INFINITY;
  let fetchedAt = Number.NEGATIVE_INFINITY;

  const fetchKeys: FetchImplementation = async (discovery, options) => {
    const coolingMs = triedAt + coolDownMs - clock.monotonicMs();
    if (coolingMs > 0) await delay(coolingMs, undefined, { ref: false });
    triedAt = clock.monotonicMs();
    try {
      const keySet = KeySet.parse(await readJson(await keysUrl(issuer, discovery, options), options));
      fetchedAt = triedAt;
      return Response.json(keySet);
    } catch (error) {
      logger.warn("OIDC: the keys cannot be read", { issuer, error });
      throw new Rejection("unavailable", "The key of this token is not known now. Try again.");
    }
  };

  // `jose` shares a fetch among all callers that need one at the same time.
  const keys = createRemoteJWKSet(new URL(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`), {
    cacheMaxAge: Number.POSITIVE_INFINITY,
    cooldownDuration: 0,
    timeoutDuration: coolDownMs + timeoutMs,
    [customFetch]: fetchKeys,
  });
  const refresh = () => void keys.reload().catch(() => {}); // fetchKeys has logged the error.

  return {
    prefetch: refresh,

    async find(header, token) {
      try {
        const key = await keys(header, token);
        if (clock.monotonicMs() - fetchedAt >= freshMs) refresh();
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
  // Otherwise one provider could issue tokens in the name of another.
  if (found.issuer !== issuer)
    throw new Error(`OIDC_ISSUER is ${issuer}, and the provider calls itself ${found.issuer}`);
  const url = new URL(found.jwks_uri);
  if (url.protocol !== "https:" && url.protocol !== new URL(discovery).protocol)
    throw new Error(`${url} is not encrypted`);
  return url;
}

/** Follows no redirect, so that keys come only from the address that the operator has configured. */
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
