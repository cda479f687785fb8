import { backoffDelay, defaultBackoff, SignalboxError } from "@signalbox/client";
import { createCookieSession, type SignedIn, type SignInProvider } from "@signalbox/client/session";
import { useCallback, useEffect, useState } from "react";
import { loadModule } from "../ui/load-module.ts";
import { serverSettings, serverUrl } from "../ui/server-settings.ts";
import { callbackPath, selectedProvider } from "./selected-provider.ts";
import { takeTokenFromUrl } from "./token-in-url.ts";

type SessionState =
  | { name: "loading" }
  /** The server does not answer. */
  | { name: "unreachable"; since: number; nextAttemptAt: number; retry(): void }
  | { name: "signed-out"; providers: readonly SignInProvider[]; error: string | undefined }
  | { name: "signed-in"; session: SignedIn };

const cookieSession = createCookieSession({ url: serverUrl });

/** Loaded only for sign-in with a provider. */
const loadOpenId = () => loadModule(() => import("./openid.ts"));

// At module load: before anything else reads the URL, and once, also in StrictMode.
const tokenInUrl = takeTokenFromUrl();
let isStarted = false;

/** The signed-in user, by the session cookie that all tabs share. */
export function useSession() {
  const [state, setState] = useState<SessionState>({ name: "loading" });

  /** Goes on trying until the server answers. */
  const settle = useCallback(async (action: () => Promise<SessionState>, attempt = 1, since = Date.now()) => {
    try {
      setState(await action());
    } catch (error) {
      if (!(error instanceof SignalboxError) || !error.retryable) {
        return setState({ name: "signed-out", providers: [], error: messageOf(error) });
      }
      const nextAttemptAt = Date.now() + backoffDelay(defaultBackoff, attempt, Math.random());
      let isRetrying = false;
      const retry = () => {
        if (isRetrying) return;
        isRetrying = true;
        setState((current) => (current.name === "unreachable" ? { ...current, nextAttemptAt: 0 } : current));
        void settle(action, attempt + 1, since);
      };
      setState({ name: "unreachable", since, nextAttemptAt, retry });
    }
  }, []);

  /** Loads the session. `error` is shown on the sign-in page. */
  const load = useCallback((error?: string) => settle(() => currentState(error)), [settle]);

  const signIn = useCallback(
    (token: string) =>
      settle(async () => {
        try {
          const session = await cookieSession.begin(token);
          // Browsers silently drop a Secure cookie over HTTP.
          const isStored = isSecureContext || (await cookieSession.current()) !== null;
          if (isStored) return { name: "signed-in", session };
          return currentState("This server requires HTTPS to sign in. Open it with https://.");
        } catch (error) {
          if (error instanceof SignalboxError && error.retryable) throw error;
          return currentState(messageOf(error));
        }
      }),
    [settle],
  );

  const redirectToProvider = useCallback(
    async (provider: SignInProvider) => {
      try {
        await (await loadOpenId()).redirectToProvider(provider);
      } catch (error) {
        await load(messageOf(error));
      }
    },
    [load],
  );

  const finishSignIn = useCallback(async () => {
    try {
      const { token, path } = await (await loadOpenId()).completeSignIn();
      history.replaceState(null, "", path);
      await signIn(token);
    } catch (error) {
      history.replaceState(null, "", `${serverSettings.basePath}/`);
      await load(messageOf(error));
    }
  }, [load, signIn]);

  const signOut = useCallback(async () => {
    // The session may have ended already.
    await cookieSession.end().catch(() => {});
    if (selectedProvider.get()) await (await loadOpenId()).forgetProvider();
    // The next user of this tab must not find drafts of messages.
    for (const key of Object.keys(sessionStorage)) if (key.startsWith("signalbox.")) sessionStorage.removeItem(key);
    await load();
  }, [load]);

  useEffect(() => {
    if (!isStarted) {
      if (tokenInUrl !== undefined) void signIn(tokenInUrl);
      else void (location.pathname === callbackPath ? finishSignIn() : load());
    }
    isStarted = true;
    // A sign-in link that is pasted into the address bar of an open page.
    const onHashChange = () => {
      const token = takeTokenFromUrl();
      if (token !== undefined) void signIn(token);
    };
    addEventListener("hashchange", onHashChange);
    return () => removeEventListener("hashchange", onHashChange);
  }, [load, signIn, finishSignIn]);

  useEffect(() => {
    if (state.name !== "unreachable") return;
    const onVisible = () => document.visibilityState === "visible" && state.retry();
    const timer = setTimeout(state.retry, Math.max(0, state.nextAttemptAt - Date.now()));
    addEventListener("online", state.retry);
    document.addEventListener("visibilitychange", onVisible);
    return () => {
      clearTimeout(timer);
      removeEventListener("online", state.retry);
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, [state]);

  const isSignedIn = state.name === "signed-in";
  useEffect(() => {
    if (!isSignedIn || !selectedProvider.get()) return;
    let stop: (() => void) | undefined;
    let isUnmounted = false;
    void loadOpenId().then(async ({ renewTokens }) => {
      // A newer token extends the session; reconnects use the new cookie.
      stop = await renewTokens((token) => void cookieSession.begin(token).catch(() => {}));
      if (isUnmounted) stop?.();
    });
    return () => {
      isUnmounted = true;
      stop?.();
    };
  }, [isSignedIn]);

  return { state, signIn, redirectToProvider, signOut, load };
}

async function currentState(error: string | undefined): Promise<SessionState> {
  const session = await cookieSession.current();
  if (session) return { name: "signed-in", session };
  return { name: "signed-out", providers: await cookieSession.providers(), error };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
