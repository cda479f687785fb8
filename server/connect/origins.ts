import type { IncomingHttpHeaders } from "node:http";
import { LRUCache } from "lru-cache";
import type { Clock } from "../runtime/clock.ts";

export interface OriginsOptions {
  /** Exact origins, as browsers write them. */
  allowed: readonly string[];
  /** Outside production: whether pages of any local server are allowed. */
  allowLocalhost: boolean;
  /** Proxies in front. With any, `X-Forwarded-Host` counts beside `Host`. */
  trustProxy: number;
  clock: Clock;
  /** Called with the text of a refusal, once a minute for each origin. */
  refused(refusal: string): void;
}

const reportEveryMs = 60_000;
/** Origins whose last report is remembered. */
const reportedOrigins = 1_000;
/** So much of a header is repeated in a refusal. */
const quotedLength = 200;

/**
 * Which web pages may connect. A browser names the page's origin on every WebSocket and cross-site request, and nothing
 * but the server checks it: a foreign page could use the visitor's cookie. Clients other than browsers send none.
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
      perf: options.clock,
    });
  }

  /** Whether it is configured, whatever host is asked for. */
  isListed(origin: string | undefined): boolean {
    if (origin === undefined) return false;
    if (this.#options.allowed.includes(origin)) return true;
    return this.#options.allowLocalhost && URL.canParse(origin) && isLocal(new URL(origin));
  }

  /** `undefined`: the request has no origin, that of this server, or one that is configured. */
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

  /** Whether an address is on the host that was asked for. The scheme does not count: TLS mostly ends in front of the server. */
  isOwn({ protocol, host }: URL, headers: IncomingHttpHeaders): boolean {
    if (protocol !== "http:" && protocol !== "https:") return false;
    return this.#hostsOf(headers).some((asked) => hostOn(protocol, asked) === host);
  }

  #hostsOf(headers: IncomingHttpHeaders): string[] {
    const { trustProxy } = this.#options;
    const forwarded = [headers["x-forwarded-host"] ?? []].flat().flatMap((list) => list.split(","));
    const named = forwarded.map((host) => host.trim()).filter((host) => host !== "");
    // Each proxy adds to the right; a client may have written what stands left of theirs.
    const original = trustProxy === 0 ? undefined : named.at(-Math.min(trustProxy, named.length));
    return [headers.host, original].filter((host) => host !== undefined);
  }
}

/** In lower case, and without the port that the scheme has by itself. */
function hostOn(protocol: string, host: string): string | undefined {
  const url = `${protocol}//${host}`;
  return URL.canParse(url) ? new URL(url).host : undefined;
}

const isLocal = ({ hostname }: URL) => /^(localhost|127\.0\.0\.1|\[::1\])$/.test(hostname);

const quoted = (header: string) => JSON.stringify(header.slice(0, quotedLength));
