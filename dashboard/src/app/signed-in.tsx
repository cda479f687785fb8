import { createClient } from "@signalbox/client";
import { SignalboxProvider } from "@signalbox/client/react";
import type { SignedIn as Person } from "@signalbox/client/session";
import { useEffect, useState } from "react";
import { SessionContext } from "../session/session-context.ts";
import { screensOf } from "./screens.ts";
import { Shell } from "./shell.tsx";

interface SignedInProps {
  session: Person;
  signOut(problem?: string): Promise<void>;
}

/** One client for all screens, in the namespaces that are open to whoever is signed in. */
export function SignedIn({ session, signOut }: SignedInProps) {
  const [client] = useState(() => {
    const namespaces = screensOf(session).map(({ namespace }) => namespace);
    return createClient({ cookie: true, namespaces });
  });

  useEffect(() => {
    void client.connect();
    return () => client.disconnect();
  }, [client]);

  useEffect(
    () =>
      client.on("status", (status) => {
        if (status.name === "unauthorized") void signOut(status.error.message);
        if (status.name === "closed" && status.reason === "revoked") void signOut("Your session was ended.");
      }),
    [client, signOut],
  );

  return (
    <SessionContext value={{ session, signOut }}>
      <SignalboxProvider client={client}>
        <Shell />
      </SignalboxProvider>
    </SessionContext>
  );
}
