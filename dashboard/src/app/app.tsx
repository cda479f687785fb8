import { Center, Loader } from "@mantine/core";
import { SignIn } from "../session/sign-in.tsx";
import { useSession } from "../session/use-session.ts";
import { OfflineNotice } from "../ui/offline-notice.tsx";
import { SignedIn } from "./signed-in.tsx";

/** Shows the sign-in page or the dashboard. */
export function App() {
  const { state, signIn, redirectToProvider, signOut, load } = useSession();
  switch (state.name) {
    case "loading":
      return (
        <Center h="100dvh">
          <Loader aria-label="Loading" />
        </Center>
      );
    case "unreachable":
      return (
        <OfflineNotice
          problem="Cannot reach the server"
          since={state.since}
          nextAttemptAt={state.nextAttemptAt}
          reconnect={state.retry}
        />
      );
    case "signed-out":
      return <SignIn {...state} signIn={signIn} redirectToProvider={redirectToProvider} />;
    case "signed-in":
      return (
        <SignedIn
          key={`${state.session.userId} ${state.session.roles.join()}`}
          session={state.session}
          signOut={signOut}
          onSessionEnd={load}
        />
      );
  }
}
