import type { IncomingHttpHeaders } from "node:http";
import { isCookieSessionSecret } from "../session/cookie-session-secret.ts";
import { bearerToken } from "./bearer-token.ts";
import type { Origins } from "./origins.ts";

/** The cookie that `POST /api/session` sets. */
export const sessionCookie = "signalbox_session";

/** What of a request matters here. */
export interface TokenRequest {
  method?: string | undefined;
  headers: IncomingHttpHeaders;
}

/**
 * What the headers of a request bring for a token: `Authorization: Bearer …`, else the session cookie. The origin was
 * found to be allowed; here it only matters that there is one.
 */
export function headerToken(request: TokenRequest, origins: Pick<Origins, "isOwn">): string | undefined {
  const { authorization, cookie } = request.headers;
  return bearerToken(authorization) ?? (isOfAPage(request, origins) ? cookieToken(cookie) : undefined);
}

/**
 * A browser adds the cookie to every request, also to that of a link in a mail. The server's own pages are told from
 * that by their origin, which it names with everything but a plain read from where the page came from. Of such a read
 * it says whose it is, but over plain HTTP, other than on localhost, it does not. Then the address of the page tells,
 * which the dashboard lets it name to this server alone, and which no page can make up.
 */
function isOfAPage({ method, headers }: TokenRequest, origins: Pick<Origins, "isOwn">): boolean {
  if (headers.origin !== undefined) return true;
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin";
  const { referer, upgrade } = headers;
  if (method !== "GET" || upgrade !== undefined || referer === undefined || !URL.canParse(referer)) return false;
  return origins.isOwn(new URL(referer), headers);
}

/** Of two cookies of the name one was set by a neighbour, under a wider domain or a longer path: then neither counts. */
export function cookieToken(cookie: string | undefined): string | undefined {
  const values = (cookie ?? "").split(";").flatMap((pair) => {
    const [name, value] = pair.split("=", 2);
    return name?.trim() === sessionCookie && value !== undefined ? [value.trim()] : [];
  });
  const [value, ...others] = values;
  return value !== undefined && others.length === 0 && isCookieSessionSecret(value) ? value : undefined;
}
