import type { SignInProvider } from "@signalbox/client/session";

/** Where providers send people back to. */
export const callbackPath = "/sign-in";

const key = "signalbox.provider";

/** The provider by which somebody has signed in in this tab, kept while they are away there and over reloads. */
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
