import type { ReplyError } from "../../shared/reply.ts";
import { SignalboxError } from "../signalbox-error.ts";

/** A token, or `null` where nobody is signed in. */
export type GetToken = () => string | null | Promise<string | null>;

export interface TokenOptions {
  /** One that lasts for as long as the client is used. */
  token?: string;
  /** Called before every attempt to connect, and when a token is about to expire. */
  getToken?: GetToken;
  /** In a browser: the cookie of a session that was begun with `@signalbox/client/session` stands for a token. */
  cookie?: true;
}

/** `undefined` as a token: the browser adds its cookie. */
export type TokenAnswer = { token: string | undefined } | { error?: ReplyError };

export interface TokenSource {
  /** Whether asking again may bring another token. */
  readonly canRenew: boolean;
  /** Never rejects. Without `error` the asking failed, and may do well later. */
  ask(): Promise<TokenAnswer>;
}

export function createTokenSource({ token, getToken, cookie }: TokenOptions): TokenSource {
  if ([token, getToken, cookie].filter((way) => way !== undefined).length !== 1) {
    throw new TypeError("A client needs one of the three: token, getToken or cookie.");
  }
  // The page may have gone on with its session under another cookie since the last attempt.
  if (cookie) return { canRenew: true, ask: async () => ({ token: undefined }) };
  const get = getToken ?? (() => token ?? null);
  return {
    canRenew: getToken !== undefined,
    async ask() {
      try {
        const answer = await get();
        if (answer) return { token: answer };
        return { error: { code: "unauthenticated", message: "Nobody is signed in.", retryable: false } };
      } catch (error) {
        if (!(error instanceof SignalboxError) || error.retryable) return {};
        const { code, message } = error;
        return { error: { code, message, retryable: false } };
      }
    },
  };
}
