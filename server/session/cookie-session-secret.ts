/** Begins the value of the session cookie; no JWT begins like this. */
export const cookieSessionPrefix = "sbs_";
const shape = /^sbs_[A-Za-z0-9_-]{43}$/;

export const isCookieSessionSecret = (value: string) => shape.test(value);
