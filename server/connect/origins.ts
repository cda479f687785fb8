import type { IncomingHttpHeaders } from "node:http";
import { LRUCache } from "lru-cache";
import { type Clock, perfOf } from "../runtime/clock.ts";

export interface OriginsOptions {
  /** Origins as browsers send them, compared exactly. */
  allowed: readonly string[];
  /** Outside production: whether pages of any local server are allowed. */
  allowLocalhost: boolean;
  /** The number of proxies in front of the server. If there are any, `X-Forwarded-Host` is used besides `Host`. */
  trustProxy: number;
  clock: Clock;
  /** Called with the text of a refusal, once a minute for each origin. */
  refused(refusal: string): void;
}

const reportEveryMs = 60_000;
/** The number of origins whose last report is remembered. */
const reportedOrigins = 1_000;
/** Characters of a header that a refusal quotes. */
const quotedLength = 200;

/**
 * Which web pages may connect. A browser sends the page's origin with every WebSocket and cross-site request, and leaves
 * the check to the server: without it, a foreign page could use the visitor's cookie. Other clients send no origin.
 */
export class Origins {
  readonly #options: OriginsOptions;
  readonly #reported: LRUCache<string, true>;

  constructor(options: OriginsOptions) {
    this.#options = options;
    this.#reported = new LRUCache({
      max: reportedOrigins,
      ttl: reportEveryMs,
      ttlResolution: 0,
      perf: perfOf(options.clock),
    });
  }

  /** Whether the settings allow the origin, whatever the host of the request is. */
  isListed(origin: string | undefined): boolean {
    if (origin === undefined) return false;
    if (this.#options.allowed.includes(origin)) return true;
    return this.#options.allowLocalhost && URL.canParse(origin) && isLocal(new URL(origin));
  }

  /** Why the origin is refused, or `undefined` if there is none, it is this server's own, or the settings allow it. */
  refusalOf(headers: IncomingHttpHeaders): string | undefined {
    const { origin } = headers;
    if (origin === undefined || this.isListed(origin)) return undefined;
    if (URL.canParse(origin) && this.isOwn(new URL(origin), headers)) return undefined;
    const hosts = this.#hostsOf(headers).map(quoted).join(" or ") || "none";
    const refusal =
      `The origin ${quoted(origin)} is not allowed. It differs from the host of this request, ${hosts}, and is not in ` +
      "CORS_ORIGINS. If it is the server's own address, the proxy in front must pass on the Host header, or send " +
      "X-Forwarded-Host and be counted in TRUST_PROXY.";
    if (!this.#reported.has(origin)) {
      this.#reported.set(origin, true);
      this.#options.refused(refusal);
    }
    return refusal;
  }

  /** Whether the URL has the host of the request. The scheme is ignored, since TLS usually ends at a proxy. */
  isOwn({ protocol, host }: URL, headers: IncomingHttpHeaders): boolean {
    if (protocol !== "http:" && protocol !== "https:") return false;
    return this.#hostsOf(headers).some((asked) => hostOn(protocol, asked) === host);
  }

  #hostsOf(headers: IncomingHttpHeaders): string[] {
    const { trustProxy } = this.#options;
    const forwarded = [headers["x-forwarded-host"] ?? []].flat().flatMap((list) => list.split(","));
    const named = forwarded.map((host) => host.trim()).filter((host) => host !== "");
    // Each proxy appends an entry. The entries to the left of theirs may have been written by the client.
    const original = trustProxy === 0 ? undefined : named.at(-Math.min(trustProxy, named.length));
    return [headers.host, original].filter((host) => host !== undefined);
  }
}

/** The host in lower case, without the default port of the scheme. */
function hostOn(protocol: string, host: string): string | undefined {
  const url = `${protocol}//${host}`;
  return URL.canParse(url) ? new URL(url).host : undefined;
}

const isLocal = ({ hostname }: URL) => /^(localhost|127\.0\.0\.1|\[::1\])$/.test(hostname);

const quoted = (header: string) => JSON.stringify(header.slice(0, quotedLength));
