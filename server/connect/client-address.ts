import type { IncomingMessage } from "node:http";
import { isIPv6 } from "node:net";

type Asked = Pick<IncomingMessage, "headers" | "socket">;

/**
 * The address that a request came from, past so many proxies of our own. Each of them adds to `X-Forwarded-For` whom it
 * was asked by; what stands left of that was written by whoever asked the first of them, and is not believed.
 */
export function clientAddress({ headers, socket }: Asked, trustedProxies: number): string {
  if (trustedProxies === 0) return socket.remoteAddress ?? "";
  const forwarded = [headers["x-forwarded-for"] ?? []].flat().join(",").split(",");
  const hops = [socket.remoteAddress ?? "", ...forwarded.map((hop) => hop.trim()).reverse()].filter(
    (hop) => hop !== "",
  );
  return hops[Math.min(trustedProxies, hops.length - 1)] ?? "";
}

/** What counts as one place: a household or a server has a /64 of IPv6 to itself, and one address of IPv4. */
export function placeOf(address: string): string {
  if (!address.includes(":")) return address.slice(0, 64);
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address.slice(0, 64);
  const [head = "", tail] = (address.split("%")[0] ?? "").split("::");
  const groups = head === "" ? [] : head.split(":");
  const behind = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros =
    tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - groups.length - behind.length) }, () => "0");
  const first = [...groups, ...zeros, ...behind].slice(0, 4);
  return `${first.map((group) => Number.parseInt(group, 16).toString(16)).join(":")}::/64`;
}
