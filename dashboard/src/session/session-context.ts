import type { SignedIn as Person } from "@signalbox/client/session";
import { createContext, useContext } from "react";

export interface SignedInSession {
  session: Person;
  signOut(): Promise<void>;
}

export const SessionContext = createContext<SignedInSession | null>(null);

/** Who is signed in. */
export function useSignedIn(): SignedInSession {
  const session = useContext(SessionContext);
  if (!session) throw new Error("Nobody is signed in around this component.");
  return session;
}
