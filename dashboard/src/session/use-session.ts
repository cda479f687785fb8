import { SignalboxError } from "@signalbox/client";
import { createCookieSession, type SignedIn, type SignInProvider } from "@signalbox/client/session";
import { useCallback, useEffect, useState } from "react";
import { takeTokenFromAddress } from "./token-in-address.ts";

export type SessionState =
  | { name: "reading" }
  | { name: "nobody"; providers: readonly SignInProvider[]; problem: string | undefined }
  | { name: "somebody"; session: SignedIn };

const cookieSession = createCookieSession();

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
        setState({ name: "somebody", session: await cookieSession.begin(token) });
      } catch (error) {
        await read(messageOf(error));
      }
    },
    [read],
  );

  const signOut = useCallback(async () => {
    // One that has ended already needs no ending.
    await cookieSession.end().catch(() => {});
    await read();
  }, [read]);

  useEffect(() => {
    if (!isBegun) void (tokenOfAddress === undefined ? read() : signIn(tokenOfAddress));
    isBegun = true;
    // A link that is pasted over the address of an open page.
    const changed = () => {
      const pasted = takeTokenFromAddress();
      if (pasted !== undefined) void signIn(pasted);
    };
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, [read, signIn]);

  return { state, signIn, signOut, read };
}

function messageOf(error: unknown): string {
  return error instanceof SignalboxError ? error.message : String(error);
}
