import type { SessionAnswer, SignInProvider, SignInProviders } from "../../shared/http/session.ts";
import { createHostEnvironment } from "../connection/host-environment.ts";
import { serverUrl } from "../connection/server-url.ts";
import { SignalboxError } from "../signalbox-error.ts";
import { createHttpRequests, type HttpAnswer } from "../transport/http-requests.ts";

/** The signed-in user, with roles and expiry. */
export type SignedIn = SessionAnswer;

export type { SignInProvider };

/** Options of a cookie session. */
export interface CookieSessionOptions {
  /** Base URL of the server, as for a client. Default: the origin of the page. */
  url?: string;
  /** Timeout of a request, milliseconds. Default: 10 000. */
  timeoutMs?: number;
}

/**
 * A browser session: an HttpOnly cookie takes the place of a token, in every tab and across reloads, for clients with
 * `cookie: true`. Methods reject with a `SignalboxError` when the server refuses or does not answer.
 */
export interface CookieSession {
  /** Signs in with a token. A newer token of the same user extends the session. */
  begin(token: string): Promise<SignedIn>;
  /** The signed-in user, or `null`. */
  current(): Promise<SignedIn | null>;
  /** OpenID providers that issue tokens for this server. */
  providers(): Promise<readonly SignInProvider[]>;
  /** Signs out. Closes the session's connections in every tab. */
  end(): Promise<void>;
}

/** Creates a session object. It sends no request before one of its methods is called. */
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
      // The session has already ended.
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
