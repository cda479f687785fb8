/** Which web pages may connect. */
export interface OriginPolicy {
  /** Exact origins. */
  allowed: readonly string[];
  /** Outside production: pages of any local server may. */
  allowLocalhost: boolean;
}

/**
 * A browser names the page's origin on every WebSocket and cross-site request, and nothing but the server checks it:
 * a page elsewhere could use the visitor's cookie. Clients that are no browsers send none.
 */
export function isOriginAllowed(origin: string | undefined, host: string | undefined, policy: OriginPolicy): boolean {
  if (origin === undefined) return true;
  if (policy.allowed.includes(origin)) return true;
  if (!URL.canParse(origin)) return false;
  const { hostname, host: originHost } = new URL(origin);
  if (originHost === host) return true;
  return policy.allowLocalhost && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(hostname);
}
