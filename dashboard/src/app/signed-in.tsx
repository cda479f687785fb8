import { createClient } from "@signalbox/client";
import { SignalboxProvider } from "@signalbox/client/react";
import type { SignedIn as User } from "@signalbox/client/session";
import { useCallback, useEffect, useState } from "react";
import { SessionContext } from "../session/session-context.ts";
import { blockReloadWhile } from "../ui/load-module.ts";
import { serverSettings, serverUrl } from "../ui/server-settings.ts";
import { screensOf } from "./screens.ts";
import { Shell } from "./shell.tsx";

interface SignedInProps {
  session: User;
  signOut(): Promise<void>;
  /** Called when the server has ended the session. */
  onSessionEnd(reason: string): Promise<void>;
}

/** Provides one client for all screens, in the namespaces that the user's roles open. */
export function SignedIn({ session, signOut, onSessionEnd }: SignedInProps) {
  const [client] = useState(() => {
    const namespaces = screensOf(session).map(({ namespace }) => namespace);
    return createClient({ url: serverUrl, cookie: true, namespaces, path: serverSettings.socketPath });
  });

  // A reload would lose messages that have not been sent yet.
  useEffect(() => blockReloadWhile(() => client.waiting > 0), [client]);

  useEffect(() => {
    void client.connect();
    return () => client.disconnect();
  }, [client]);

  useEffect(
    () =>
      client.on("status", (status) => {
        if (status.name === "unauthorized") void onSessionEnd(status.error.message);
        if (status.name === "closed" && status.reason === "revoked") void onSessionEnd("Your session was revoked.");
      }),
    [client, onSessionEnd],
  );

  const leave = useCallback(() => {
    // Disconnect first, or the end of the session would be reported as a revocation.
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
