import type { IncomingHttpHeaders } from "node:http";
import { isCookieSessionSecret } from "../session/cookie-session-secret.ts";
import { bearerToken } from "./bearer-token.ts";
import type { Origins } from "./origins.ts";

/** The cookie that `POST /api/session` sets. */
export const sessionCookie = "signalbox_session";

/** The parts of a request that are used here. */
interface TokenRequest {
  method?: string | undefined;
  headers: IncomingHttpHeaders;
}

/**
 * The token in the headers of a request: `Authorization: Bearer …`, else the session cookie. If the request has an
 * origin, it was found to be allowed before.
 */
export function headerToken(request: TokenRequest, origins: Pick<Origins, "isOwn">): string | undefined {
  const { authorization, cookie } = request.headers;
  return bearerToken(authorization) ?? (isFromAllowedPage(request, origins) ? cookieToken(cookie) : undefined);
}

/**
 * Whether a page of an allowed origin made the request. A browser also adds the cookie when the user follows a link in a
 * mail, and such a request must not act for the user. Three headers tell the two apart, none of which a page can forge:
 *
 * - `Origin`: sent with everything but a same-origin GET.
 * - `Sec-Fetch-Site`: sent with every request, but only over HTTPS or to localhost.
 * - `Referer`: for a same-origin GET over plain HTTP. The dashboard's referrer policy lets browsers send it to this
 *   server only.
 */
function isFromAllowedPage({ method, headers }: TokenRequest, origins: Pick<Origins, "isOwn">): boolean {
  if (headers.origin !== undefined) return true;
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin";
  const { referer, upgrade } = headers;
  if (method !== "GET" || upgrade !== undefined || referer === undefined || !URL.canParse(referer)) return false;
  return origins.isOwn(new URL(referer), headers);
}

/**
 * The secret in the session cookie. If the request has two cookies of that name, another site has set one of them, for a
 * parent domain or a longer path, so both are ignored.
 */
export function cookieToken(cookie: string | undefined): string | undefined {
  const values = (cookie ?? "").split(";").flatMap((pair) => {
    const [name, value] = pair.split("=", 2);
    return name?.trim() === sessionCookie && value !== undefined ? [value.trim()] : [];
  });
  const [value, ...others] = values;
  return value !== undefined && others.length === 0 && isCookieSessionSecret(value) ? value : undefined;
}
