import type { IncomingMessage } from "node:http";
import ipaddr from "ipaddr.js";
import proxyaddr from "proxy-addr";

/**
 * The address that a request came from, past so many proxies of our own. Each of them adds to `X-Forwarded-For` the
 * address that asked it; what stands left of those was written by the client, and is not believed.
 */
export function clientAddress(request: IncomingMessage, trustedProxies: number): string {
  return proxyaddr(request, (_address, hop) => hop < trustedProxies) ?? "";
}

/** What limits count as one place: one address of IPv4, or a /64 of IPv6, which a household or a server has to itself. */
export function placeOf(address: string): string {
  const host = hostOf(address);
  if (!ipaddr.isValid(host)) return address.slice(0, 64);
  const parsed = ipaddr.process(host);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  const prefix = parsed.parts.slice(0, 4).map((part) => part.toString(16));
  return `${prefix.join(":")}::/64`;
}

/** Without quotes, brackets, port and zone: Azure writes `203.0.113.5:51234`, RFC 7239 `"[2001:db8::1]:443"`. */
function hostOf(address: string): string {
  const bare = address.trim().replaceAll('"', "");
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(bare)?.[1];
  const withoutPort = /^([^:]*):\d+$/.exec(bare)?.[1];
  return (bracketed ?? withoutPort ?? bare).replace(/%.*$/, "");
}
