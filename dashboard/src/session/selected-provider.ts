import type { SignInProvider } from "@signalbox/client/session";
import { serverSettings } from "../ui/server-settings.ts";

/** Path of the redirect URI. */
export const callbackPath = `${serverSettings.basePath}/sign-in`;

const key = "signalbox.provider";

/** The provider used in this tab, stored across the redirect and reloads. */
export const selectedProvider = {
  get(): SignInProvider | undefined {
    const text = sessionStorage.getItem(key);
    return text === null ? undefined : JSON.parse(text);
  },
  set(provider: SignInProvider | undefined): void {
    if (provider) sessionStorage.setItem(key, JSON.stringify(provider));
    else sessionStorage.removeItem(key);
  },
};
