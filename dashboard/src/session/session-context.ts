import type { SignedIn as User } from "@signalbox/client/session";
import { createContext, useContext } from "react";

interface SignedInSession {
  session: User;
  signOut(): Promise<void>;
}

export const SessionContext = createContext<SignedInSession | null>(null);

/** The signed-in user. */
export function useSignedIn(): SignedInSession {
  const session = useContext(SessionContext);
  if (!session) throw new Error("useSignedIn must be used within a SessionContext.");
  return session;
}
