import { createClient } from "@signalbox/client";
import { SignalboxProvider } from "@signalbox/client/react";
import type { SignedIn as Person } from "@signalbox/client/session";
import { useCallback, useEffect, useState } from "react";
import { SessionContext } from "../session/session-context.ts";
import { serverSettings } from "../ui/server-settings.ts";
import { screensOf } from "./screens.ts";
import { Shell } from "./shell.tsx";

interface SignedInProps {
  session: Person;
  signOut(): Promise<void>;
  /** The server has ended it. */
  ended(why: string): Promise<void>;
}

/** One client for all screens, in the namespaces that are open to whoever is signed in. */
export function SignedIn({ session, signOut, ended }: SignedInProps) {
  const [client] = useState(() => {
    const namespaces = screensOf(session).map(({ namespace }) => namespace);
    return createClient({ cookie: true, namespaces, path: serverSettings.socketPath });
  });

  useEffect(() => {
    void client.connect();
    return () => client.disconnect();
  }, [client]);

  useEffect(
    () =>
      client.on("status", (status) => {
        if (status.name === "unauthorized") void ended(status.error.message);
        if (status.name === "closed" && status.reason === "revoked") void ended("Your session was ended.");
      }),
    [client, ended],
  );

  const leave = useCallback(() => {
    // Or its end would be told as somebody else's doing.
    client.disconnect();
    return signOut();
  }, [client, signOut]);

  return (
    <SessionContext value={{ session, signOut: leave }}>
      <SignalboxProvider client={client}>
        <Shell />
      </SignalboxProvider>
    </SessionContext>
  );
}
