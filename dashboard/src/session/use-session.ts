import { SignalboxError } from "@signalbox/client";
import { beginSession, endSession, type Person, readSession, type SignInProvider } from "@signalbox/client/session";
import { useCallback, useEffect, useState } from "react";
import { takeTokenFromAddress } from "./token-in-address.ts";

export type SessionState =
  | { name: "reading" }
  | { name: "nobody"; providers: readonly SignInProvider[]; problem: string | undefined }
  | { name: "somebody"; session: SignedIn };

const cookieSession = createCookieSession();

// Before anything else has seen the address.
let tokenOfAddress = takeTokenFromAddress();

/** Who is signed in, by the cookie that every page of the browser shares. */
export function useSession() {
  const [state, setState] = useState<SessionState>({ name: "reading" });

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

  const signOut = useCallback(
    async (problem?: string) => {
      // One that has ended already needs no ending.
      await cookieSession.end().catch(() => {});
      await read(problem);
    },
    [read],
  );

  useEffect(() => {
    const token = tokenOfAddress;
    tokenOfAddress = undefined;
    void (token === undefined ? read() : signIn(token));
    // A link that is pasted over the address of an open page.
    const changed = () => {
      const pasted = takeTokenFromAddress();
      if (pasted !== undefined) void signIn(pasted);
    };
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, [read, signIn]);

  return { state, signIn, signOut, retry: read };
}

function messageOf(error: unknown): string {
  return error instanceof SignalboxError ? error.message : String(error);
}
