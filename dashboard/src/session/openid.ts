import type { SignInProvider } from "@signalbox/client/session";
import { UserManager } from "oidc-client-ts";
import { callbackPath, selectedProvider } from "./selected-provider.ts";

/** Leaves the page for the provider's: authorization code with PKCE. */
export async function redirectToProvider(provider: SignInProvider): Promise<void> {
  selectedProvider.set(provider);
  await managerOf(provider).signinRedirect({ state: location.pathname });
}

export interface Renewal {
  /** A first token, and where the person was. */
  token: string;
  path: string;
}

/** Coming back from the provider: the code in the address becomes a token. */
export async function completeSignIn(): Promise<Renewal> {
  const manager = chosenManager();
  if (!manager) throw new Error("Nobody was sent to a provider from here.");
  const user = await manager.signinCallback();
  if (!user) throw new Error("The provider has sent no answer.");
  const path = typeof user.state === "string" && user.state !== callbackPath ? user.state : "/";
  return { token: user.access_token, path };
}

/**
 * Asks the provider for a newer token a minute before one ends, where it has given the means to. What is returned ends
 * that; `undefined`: nobody is signed in by a provider in this tab.
 */
export async function renewTokens(renewed: (token: string) => void): Promise<(() => void) | undefined> {
  const manager = chosenManager();
  if (!(await manager?.getUser())) return undefined;
  const cancel = manager?.events.addUserLoaded(({ access_token: token }) => renewed(token));
  manager?.startSilentRenew();
  return () => {
    cancel?.();
    manager?.stopSilentRenew();
  };
}

/** Forgets what the provider gave. Its own session is its own matter. */
export async function forgetProvider(): Promise<void> {
  await chosenManager()?.removeUser();
  selectedProvider.set(undefined);
}

function chosenManager(): UserManager | undefined {
  const chosen = selectedProvider.get();
  return chosen && managerOf(chosen);
}

function managerOf({ issuer, clientId }: SignInProvider): UserManager {
  return new UserManager({
    authority: issuer,
    client_id: clientId,
    redirect_uri: location.origin + callbackPath,
    scope: "openid profile",
    automaticSilentRenew: false,
  });
}
