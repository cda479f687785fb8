import type { SignInProvider } from "@signalbox/client/session";
import { UserManager } from "oidc-client-ts";
import { serverSettings } from "../ui/server-settings.ts";
import { callbackPath, selectedProvider } from "./selected-provider.ts";

/** Redirects to the provider: authorization code flow with PKCE. */
export async function redirectToProvider(provider: SignInProvider): Promise<void> {
  selectedProvider.set(provider);
  await managerOf(provider).signinRedirect({ state: location.pathname });
}

interface SignInResult {
  /** The access token, and the path from which the user signed in. */
  token: string;
  path: string;
}

/** Exchanges the code in the callback URL for a token. */
export async function completeSignIn(): Promise<SignInResult> {
  const manager = selectedManager();
  if (!manager) throw new Error("No sign-in is in progress in this tab.");
  const user = await manager.signinCallback();
  if (!user) throw new Error("The provider returned no user.");
  const path =
    typeof user.state === "string" && user.state !== callbackPath ? user.state : `${serverSettings.basePath}/`;
  return { token: user.access_token, path };
}

/**
 * Renews the token a minute before it expires, if the provider allows that. Returns a function that stops renewing, or
 * `undefined` when the user has not signed in with a provider in this tab.
 */
export async function renewTokens(onToken: (token: string) => void): Promise<(() => void) | undefined> {
  const manager = selectedManager();
  if (!(await manager?.getUser())) return undefined;
  const cancel = manager?.events.addUserLoaded(({ access_token: token }) => onToken(token));
  manager?.startSilentRenew();
  return () => {
    cancel?.();
    manager?.stopSilentRenew();
  };
}

/** Removes the tokens. The user's session at the provider continues. */
export async function forgetProvider(): Promise<void> {
  await selectedManager()?.removeUser();
  selectedProvider.set(undefined);
}

function selectedManager(): UserManager | undefined {
  const provider = selectedProvider.get();
  return provider && managerOf(provider);
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
