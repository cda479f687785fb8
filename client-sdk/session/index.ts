export {
  type CookieSession,
  type CookieSessionOptions,
  createCookieSession,
  type SignedIn,
  type SignInProvider,
} from "./cookie-session.ts";
