import type { SessionAnswer, SignInProvider, SignInProviders } from "../../shared/http/session.ts";
import { createHostEnvironment } from "../connection/host-environment.ts";
import { serverUrl } from "../connection/server-url.ts";
import { SignalboxError } from "../signalbox-error.ts";
import { createHttpRequests, type HttpAnswer } from "../transport/http-requests.ts";

/** Who is signed in, as what, and until when. */
export type SignedIn = SessionAnswer;

export type { SignInProvider };

/** Where the session is. */
export interface CookieSessionOptions {
  /** Where the server is. Default: where the page is from. */
  url?: string;
  /** How long an answer may take, milliseconds. Default: 10 000. */
  timeoutMs?: number;
}

/**
 * The session of a browser: a cookie that no script can read stands for a token, for every tab and over reloads. Clients
 * with `cookie: true` use it. Everything rejects with a `SignalboxError` where the server says no or nothing.
 */
export interface CookieSession {
  /** Signs in with a token. The same user's newer token goes on with the session. */
  begin(token: string): Promise<SignedIn>;
  /** Who is signed in; `null`: nobody. */
  current(): Promise<SignedIn | null>;
  /** The OpenID providers that know this server: where people may get a token to begin with. */
  providers(): Promise<readonly SignInProvider[]>;
  /** Signs out, which ends the session's connections in every tab. */
  end(): Promise<void>;
}

/** Asks nothing before one of its methods is called. */
export function createCookieSession({ url, timeoutMs = 10_000 }: CookieSessionOptions = {}): CookieSession {
  const environment = createHostEnvironment();
  const requests = (token?: string) =>
    createHttpRequests({ url: serverUrl(url), token, cookies: true, environment, timeoutMs });

  return {
    begin: async (token) => bodyOf(await requests(token).post("/api/session", {})) as SignedIn,
    current: async () => bodyOf(await requests().get("/api/session", {})) as SignedIn | null,
    providers: async () => (bodyOf(await requests().get("/api/session/providers", {})) as SignInProviders).providers,
    async end() {
      const answer = await requests().delete("/api/session");
      // What is over already needs no end.
      if (answer.kind !== "error" || answer.error.code !== "unauthenticated") bodyOf(answer);
    },
  };
}

function bodyOf(answer: HttpAnswer): unknown {
  if (answer.kind === "ok") return answer.body;
  if (answer.kind === "error") throw new SignalboxError(answer.error);
  const message = "The server does not answer.";
  throw new SignalboxError({ code: "unavailable", message, retryable: true }, "unknown");
}
