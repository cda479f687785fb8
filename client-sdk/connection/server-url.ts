/**
 * Base URL of the server, without a slash at its end. Default: the origin of the page. A path is kept, for servers below
 * a path of a larger site. Throws a `TypeError` for what cannot be a base URL.
 */
export function serverUrl(url: string | undefined): string {
  const page = originOfPage();
  const given = url ?? page;
  if (given === undefined) throw new TypeError("A client outside of a browser needs a url.");
  if (!URL.canParse(given, page)) throw new TypeError(`${example} Given: ${given}`);
  const { protocol, host, pathname, search, hash } = new URL(given, page);
  const scheme = schemes[protocol];
  if (scheme === undefined || search !== "" || hash !== "") throw new TypeError(`${example} Given: ${given}`);
  return `${scheme}//${host}${pathname.replace(/\/+$/, "")}`;
}

/** Path of Socket.IO: below the path of the base URL, unless it is there already. */
export function socketPathOf(serverUrl: string, path: string): string {
  const { pathname } = new URL(serverUrl);
  return pathname === "/" || path.startsWith(`${pathname}/`) ? path : pathname + path;
}

const example = "The url of a client is a base URL such as https://example.com or https://example.com/signalbox.";

const schemes: Record<string, string> = { "http:": "http:", "https:": "https:", "ws:": "http:", "wss:": "https:" };

function originOfPage(): string | undefined {
  const host: { setTimeout: unknown; location?: { origin: string } } = globalThis;
  return host.location?.origin;
}
