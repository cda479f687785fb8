export { type CookieSession, type CookieSessionOptions, createCookieSession, type SignedIn } from "./cookie-session.ts";
