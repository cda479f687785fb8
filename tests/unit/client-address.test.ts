import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { describe, expect, it } from "@jest/globals";
import { clientAddress, placeOf } from "../../server/connect/client-address.ts";

/** A request that came from an address, by way of those that it names. */
function from(remoteAddress: string | undefined, forwarded?: string): IncomingMessage {
  const socket = new Socket();
  Object.defineProperty(socket, "remoteAddress", { value: remoteAddress });
  const request = new IncomingMessage(socket);
  if (forwarded !== undefined) request.headers["x-forwarded-for"] = forwarded;
  return request;
}

describe("the address of a client", () => {
  it.each([
    [0, "10.0.0.1", undefined, "10.0.0.1"],
    [0, "10.0.0.1", "1.2.3.4", "10.0.0.1"],
    [1, "10.0.0.1", "1.2.3.4", "1.2.3.4"],
    [1, "10.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4"],
    [2, "10.0.0.1", "6.6.6.6,1.2.3.4 , 10.0.0.2", "1.2.3.4"],
    [2, "10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4"],
    [3, "10.0.0.1", "1.2.3.4", "1.2.3.4"],
    [1, "10.0.0.1", undefined, "10.0.0.1"],
    [1, "10.0.0.1", " , ,", "10.0.0.1"],
    [16, undefined, undefined, ""],
  ])("LIMIT-1 with %i proxies, from %s, by way of %j, it is %s", (proxies, remote, forwarded, expected) => {
    expect(clientAddress(from(remote, forwarded), proxies)).toBe(expected);
  });

  it.each([
    ["1.2.3.4", "1.2.3.4"],
    ["::ffff:1.2.3.4", "1.2.3.4"],
    ["::FFFF:1.2.3.4", "1.2.3.4"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:0DB8:0001:0002::1", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["203.0.113.5:51234", "203.0.113.5"],
    ["[2001:db8:1:2:3:4:5:6]:443", "2001:db8:1:2::/64"],
    ["[2001:db8:1:2::1]", "2001:db8:1:2::/64"],
    ['"[2001:db8:1:2::1]:443"', "2001:db8:1:2::/64"],
    ["[::ffff:1.2.3.4]:80", "1.2.3.4"],
    ["::ffff:102:304", "1.2.3.4"],
    ["0:0:0:0:0:FFFF:1.2.3.4", "1.2.3.4"],
    ["fe80::1%br-lan.5", "fe80:0:0:0::/64"],
    ["[fe80::1%25eth0]:80", "fe80:0:0:0::/64"],
    [" 1.2.3.4 ", "1.2.3.4"],
    ["unknown", "unknown"],
    ["_hidden", "_hidden"],
    [":80", ":80"],
    ["no address", "no address"],
    ["x".repeat(1_000), "x".repeat(64)],
    ["", ""],
  ])("LIMIT-1 %s counts for %s", (address, place) => {
    expect(placeOf(address)).toBe(place);
  });
});
