import type { KeyObject } from "node:crypto";
import { z } from "zod";
import { Rejection } from "../../../shared/rejection.ts";
import type { Logger } from "../../observe/logger.ts";
import type { Clock } from "../../runtime/clock.ts";
import { doesNotVerify } from "../signed-token.ts";
import { readJson } from "./read-json.ts";
import { KeySet, type ProviderAlgorithm, type SigningKey, signingKeys } from "./signing-key.ts";

export interface ProviderKeysOptions {
  issuer: string;
  clock: Clock;
  logger: Logger;
}

/** Between two reads: whoever brings unknown key ids makes the provider work no more often than this. */
const coolDownMs = 1_000;
/** Keys that were read longer ago are read again, while they go on serving. */
const freshMs = 600_000;

/**
 * The public keys of an OpenID provider, from its discovery document.
 *
 *   known key ───────────────────► at once, whether or not the provider can be reached
 *   unknown ─► read, not too often ─► that key, or `unauthenticated`
 *                   └─ cannot be read ─► `unavailable`: the key may be there the next time
 */
export class ProviderKeys {
  readonly #options: ProviderKeysOptions;
  #keys: SigningKey[] = [];
  #triedAt = Number.NEGATIVE_INFINITY;
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<boolean> | undefined;

  constructor(options: ProviderKeysOptions) {
    this.#options = options;
  }

  /** Reads them ahead of the first token. */
  prefetch(): void {
    void this.#read();
  }

  async find(algorithm: ProviderAlgorithm, id: string | undefined): Promise<KeyObject> {
    const known = this.#pick(algorithm, id);
    if (known) {
      if (this.#options.clock.now() - this.#readAt >= freshMs) void this.#read();
      return known;
    }
    if (!(await this.#read())) throw new Rejection("unavailable", "The key of this token is not known now. Try again.");
    const found = this.#pick(algorithm, id);
    if (!found) throw doesNotVerify("its issuer has no such key");
    return found;
  }

  /** Without an id, there must be no choice. */
  #pick(algorithm: ProviderAlgorithm, id: string | undefined): KeyObject | undefined {
    const fitting = this.#keys.filter((key) => key.algorithms.includes(algorithm));
    if (id === undefined) return fitting.length === 1 ? fitting[0]?.key : undefined;
    return fitting.find((key) => key.id === id)?.key;
  }

  /** Resolves with whether they were read. Those who ask before the next read share it. */
  #read(): Promise<boolean> {
    const sinceMs = this.#options.clock.now() - this.#triedAt;
    const isCooling = sinceMs < coolDownMs;
    if (this.#reading) return this.#reading;
    if (isCooling && this.#triedAt > this.#readAt) return Promise.resolve(false);
    this.#reading = pause(isCooling ? coolDownMs - sinceMs : 0)
      .then(() => this.#fetch())
      .finally(() => {
        this.#reading = undefined;
      });
    return this.#reading;
  }

  async #fetch(): Promise<boolean> {
    const { issuer, clock, logger } = this.#options;
    this.#triedAt = clock.now();
    try {
      const keys = signingKeys(KeySet.parse(await readJson(await this.#discover())));
      if (keys.length === 0) throw new Error("there is no key that tokens could be signed with");
      this.#keys = keys;
      this.#readAt = this.#triedAt;
      return true;
    } catch (error) {
      logger.warn("OIDC: the keys cannot be read", { issuer, error });
      return false;
    }
  }

  /** Where the keys are. */
  async #discover(): Promise<URL> {
    const { issuer } = this.#options;
    const document = new URL(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
    const found = Discovery.parse(await readJson(document));
    // Else one provider could speak for another.
    if (found.issuer !== issuer)
      throw new Error(`OIDC_ISSUER is ${issuer}, and the provider calls itself ${found.issuer}`);
    const keys = new URL(found.jwks_uri);
    if (keys.protocol !== "https:" && keys.protocol !== document.protocol) throw new Error(`${keys} is not encrypted`);
    return keys;
  }
}

const Discovery = z.looseObject({ issuer: z.string(), jwks_uri: z.url() });

/** Keeps no process up. */
const pause = (ms: number) =>
  new Promise<void>((resolve) => void (ms > 0 ? setTimeout(resolve, ms).unref() : resolve()));
