/** What the session cookie has for its value. Begins as no JWT does. */
export const cookieSessionPrefix = "sbs_";
const shape = /^sbs_[A-Za-z0-9_-]{43}$/;

export const isCookieSessionSecret = (value: string) => shape.test(value);
