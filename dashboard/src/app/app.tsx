import { Center, Loader } from "@mantine/core";
import { SignIn } from "../session/sign-in.tsx";
import { useSession } from "../session/use-session.ts";
import { SignedIn } from "./signed-in.tsx";

/** Nobody knows yet who is here; somebody has to sign in; or somebody is signed in. */
export function App() {
  const { state, signIn, redirectToProvider, signOut, read } = useSession();
  switch (state.name) {
    case "reading":
      return (
        <Center h="100dvh">
          <Loader aria-label="Loading" />
        </Center>
      );
    case "nobody":
      return <SignIn {...state} signIn={signIn} redirectToProvider={redirectToProvider} />;
    case "somebody":
      return (
        <SignedIn
          key={`${state.session.userId} ${state.session.roles.join()}`}
          session={state.session}
          signOut={signOut}
          ended={read}
        />
      );
  }
}
