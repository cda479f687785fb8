import { createCookieSession, type SignedIn, type SignInProvider } from "@signalbox/client/session";
import { useCallback, useEffect, useState } from "react";
import { callbackPath, selectedProvider } from "./selected-provider.ts";
import { takeTokenFromAddress } from "./token-in-address.ts";

export type SessionState =
  | { name: "reading" }
  | { name: "nobody"; providers: readonly SignInProvider[]; problem: string | undefined }
  | { name: "somebody"; session: SignedIn };

const cookieSession = createCookieSession();

/** What only those need who come by a provider. */
const loadOpenId = () => import("./openid.ts");

// Before anything else has seen the address, and once, however often the page is built.
const tokenOfAddress = takeTokenFromAddress();
let isBegun = false;

/** Who is signed in, by the cookie that every page of the browser shares. */
export function useSession() {
  const [state, setState] = useState<SessionState>({ name: "reading" });

  /** Why somebody has to sign in again is shown where they do. */
  const read = useCallback(async (problem?: string) => {
    try {
      const session = await cookieSession.current();
      if (session) setState({ name: "somebody", session });
      else setState({ name: "nobody", providers: await cookieSession.providers(), problem });
    } catch (error) {
      setState({ name: "nobody", providers: [], problem: problem ?? messageOf(error) });
    }
  }, []);

  const signIn = useCallback(
    async (token: string) => {
      try {
        const session = await cookieSession.begin(token);
        // A cookie for encrypted connections alone is not kept over another one, and nothing says so.
        const isKept = isSecureContext || (await cookieSession.current()) !== null;
        if (!isKept) throw new Error("The browser keeps no session of this server over http. Open it by https.");
        setState({ name: "somebody", session });
      } catch (error) {
        await read(messageOf(error));
      }
    },
    [read],
  );

  const redirectToProvider = useCallback(
    async (provider: SignInProvider) => {
      try {
        await (await loadOpenId()).redirectToProvider(provider);
      } catch (error) {
        await read(messageOf(error));
      }
    },
    [read],
  );

  const completeSignIn = useCallback(async () => {
    try {
      const { token, path } = await (await loadOpenId()).completeSignIn();
      history.replaceState(null, "", path);
      await signIn(token);
    } catch (error) {
      history.replaceState(null, "", "/");
      await read(messageOf(error));
    }
  }, [read, signIn]);

  const signOut = useCallback(async () => {
    // One that has ended already needs no ending.
    await cookieSession.end().catch(() => {});
    if (selectedProvider.get()) await (await loadOpenId()).forgetProvider();
    await read();
  }, [read]);

  useEffect(() => {
    if (!isBegun) {
      if (tokenOfAddress !== undefined) void signIn(tokenOfAddress);
      else void (location.pathname === callbackPath ? completeSignIn() : read());
    }
    isBegun = true;
    // A link that is pasted over the address of an open page.
    const changed = () => {
      const pasted = takeTokenFromAddress();
      if (pasted !== undefined) void signIn(pasted);
    };
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, [read, signIn, completeSignIn]);

  const isSomebody = state.name === "somebody";
  useEffect(() => {
    if (!isSomebody || !selectedProvider.get()) return;
    let stop: (() => void) | undefined;
    let isOver = false;
    void loadOpenId().then(async ({ renewTokens }) => {
      // The session goes on with the newer token; a connection that ends meanwhile comes back by the new cookie.
      stop = await renewTokens((token) => void cookieSession.begin(token).catch(() => {}));
      if (isOver) stop?.();
    });
    return () => {
      isOver = true;
      stop?.();
    };
  }, [isSomebody]);

  return { state, signIn, redirectToProvider, signOut, read };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
