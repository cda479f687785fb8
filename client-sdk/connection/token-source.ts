import type { ReplyError } from "../../shared/reply.ts";
import { SignalboxError } from "../signalbox-error.ts";

/** Returns a token, or `null` when no user is signed in. */
export type GetToken = () => string | null | Promise<string | null>;

export interface TokenOptions {
  /** A fixed token. */
  token?: string;
  /** Called before every connection attempt, and when a token is about to expire. */
  getToken?: GetToken;
  /** In a browser: authenticate by the cookie of a session of `@signalbox/client/session`. */
  cookie?: true;
}

/** With an `undefined` token the browser sends its cookie. */
type TokenAnswer = { token: string | undefined } | { error?: ReplyError };

export interface TokenSource {
  /** Whether another request may return another token. */
  readonly canRenew: boolean;
  /** Never rejects. A result without `error` means that the request failed and may be retried. */
  ask(): Promise<TokenAnswer>;
}

export function createTokenSource({ token, getToken, cookie }: TokenOptions): TokenSource {
  if ([token, getToken, cookie].filter((way) => way !== undefined).length !== 1) {
    throw new TypeError("A client needs exactly one of token, getToken and cookie.");
  }
  // The session may have been extended with another cookie since the last attempt.
  if (cookie) return { canRenew: true, ask: async () => ({ token: undefined }) };
  const get = getToken ?? (() => token ?? null);
  return {
    canRenew: getToken !== undefined,
    async ask() {
      try {
        const answer = await get();
        if (answer) return { token: answer };
        return { error: { code: "unauthenticated", message: "Not signed in.", retryable: false } };
      } catch (error) {
        if (!(error instanceof SignalboxError) || error.retryable) return {};
        const { code, message } = error;
        return { error: { code, message, retryable: false } };
      }
    },
  };
}
