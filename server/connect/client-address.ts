import type { IncomingMessage } from "node:http";
import ipaddr from "ipaddr.js";
import proxyaddr from "proxy-addr";

/**
 * The address of the client, behind a number of trusted proxies. Each proxy appends the address that it got the request
 * from to `X-Forwarded-For`. The entries to the left of those were written by the client and are ignored.
 */
export function clientAddress(request: IncomingMessage, trustedProxies: number): string {
  return proxyaddr(request, (_address, hop) => hop < trustedProxies) ?? "";
}

/** The unit of the limits per address: an IPv4 address, or an IPv6 /64, which one household or server has to itself. */
export function placeOf(address: string): string {
  const host = hostOf(address);
  if (!ipaddr.isValid(host)) return address.slice(0, 64);
  const parsed = ipaddr.process(host);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  const prefix = parsed.parts.slice(0, 4).map((part) => part.toString(16));
  return `${prefix.join(":")}::/64`;
}

/** The address without quotes, brackets, port and zone. Azure writes `203.0.113.5:51234`, RFC 7239 `"[2001:db8::1]:443"`. */
function hostOf(address: string): string {
  const bare = address.trim().replaceAll('"', "");
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(bare)?.[1];
  const withoutPort = /^([^:]*):\d+$/.exec(bare)?.[1];
  return (bracketed ?? withoutPort ?? bare).replace(/%.*$/, "");
}
