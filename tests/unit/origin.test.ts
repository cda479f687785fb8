import { describe, expect, it } from "@jest/globals";
import { isOriginAllowed, type OriginPolicy } from "../../server/connect/origin.ts";

const host = "chat.example.com";
const production: OriginPolicy = { allowed: ["https://app.example.com"], allowLocalhost: false };
const development: OriginPolicy = { ...production, allowLocalhost: true };

describe("origin policy", () => {
  it.each([
    ["a client that is no browser and sends none", undefined],
    ["an origin that is in the list", "https://app.example.com"],
    ["a page of this server", "https://chat.example.com"],
  ])("CONN-5 lets in %s", (_what, origin) => {
    expect(isOriginAllowed(origin, host, production)).toBe(true);
  });

  it.each([
    ["https://elsewhere.example.com"],
    ["https://app.example.com.evil.example"],
    ["https://evil.example/https://app.example.com"],
    ["https://app.example.com:8443"],
    ["http://app.example.com"],
    ["https://chat.example.com:8443"],
    ["https://sub.chat.example.com"],
    ["http://localhost:3000"],
    ["null"],
    [""],
    ["no origin"],
  ])("CONN-5 keeps out pages of %j", (origin) => {
    expect(isOriginAllowed(origin, host, production)).toBe(false);
  });

  it("CONN-5 a page of this server may be at another port than the default, if the server is", () => {
    const here = isOriginAllowed("http://localhost:8000", "localhost:8000", production);
    const next = isOriginAllowed("http://localhost:8001", "localhost:8000", production);

    expect([here, next]).toEqual([true, false]);
  });

  it.each(["http://localhost:3000", "http://127.0.0.1:5173", "http://[::1]:8080", "https://localhost"])(
    "CONN-5 outside production lets in pages of any local server: %s",
    (origin) => {
      expect(isOriginAllowed(origin, host, development)).toBe(true);
    },
  );

  it.each(["http://localhost.evil.example", "http://127.0.0.1.evil.example", "https://evil.example", "null"])(
    "CONN-5 outside production keeps out %s",
    (origin) => {
      expect(isOriginAllowed(origin, host, development)).toBe(false);
    },
  );

  it("CONN-5 a request without a host is no page of this server", () => {
    expect(isOriginAllowed("https://chat.example.com", undefined, production)).toBe(false);
  });
});
