import type { IncomingHttpHeaders } from "node:http";
import { describe, expect, it } from "@jest/globals";
import { Origins, type OriginsOptions } from "../../server/connect/origins.ts";
import { ManualClock } from "../support/manual-clock.ts";

const listed = ["https://app.example.com", "tauri://localhost", "chrome-extension://abc"];

function open(options: Partial<OriginsOptions> = {}) {
  const reports: string[] = [];
  const clock = new ManualClock();
  const refused = (refusal: string) => void reports.push(refusal);
  const origins = new Origins({ allowed: listed, allowLocalhost: false, trustProxy: 0, clock, refused, ...options });
  const isAllowed = (origin: string | undefined, more: IncomingHttpHeaders = {}) =>
    origins.refusalOf({ host: "chat.example.com", ...(origin !== undefined && { origin }), ...more }) === undefined;
  return { origins, isAllowed, reports, clock };
}

describe("origins", () => {
  it.each([
    ["a client that is no browser and sends none", undefined],
    ["an origin that is in the list", "https://app.example.com"],
    ["an app that is in the list", "tauri://localhost"],
    ["an extension that is in the list", "chrome-extension://abc"],
    ["a page of this server", "https://chat.example.com"],
  ])("CONN-5 %s is allowed", (_what, origin) => {
    expect(open().isAllowed(origin)).toBe(true);
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
    ["chrome-extension://abd"],
    ["tauri://chat.example.com"],
    ["tauri://localhost:1"],
    ["file://"],
    ["null"],
    [""],
    ["no origin"],
  ])("CONN-5 pages of %j are refused", (origin) => {
    expect(open().isAllowed(origin)).toBe(false);
  });

  it.each([
    ["http://localhost:8000", "localhost:8000", true],
    ["http://localhost:8001", "localhost:8000", false],
    ["https://chat.example.com", "chat.example.com:443", true],
    ["http://chat.example.com", "chat.example.com:80", true],
    ["https://chat.example.com:8443", "chat.example.com:8443", true],
    ["https://chat.example.com", "chat.example.com:80", false],
    ["https://chat.example.com:80", "chat.example.com:80", true],
    ["https://chat.example.com", "CHAT.Example.com", true],
    ["https://[2001:db8::1]", "[2001:DB8:0::1]:443", true],
    ["https://xn--bcher-kva.example", "xn--bcher-kva.example", true],
    ["https://chat.example.com", undefined, false],
    ["https://chat.example.com", "", false],
    ["https://chat.example.com", "not a host", false],
    ["null", "null", false],
    ["tauri://a", "b", false],
  ])("CONN-5 a page of %s belongs to the host %s: %s", (origin, host, expected) => {
    expect(open().isAllowed(origin, { host })).toBe(expected);
  });

  it.each<[trustProxy: number, forwarded: string, expected: boolean]>([
    [1, "chat.example.com", true],
    [1, "Chat.Example.com:443", true],
    [1, "evil.example, chat.example.com", true],
    [1, "chat.example.com, evil.example", false],
    [2, "evil.example, chat.example.com, internal", true],
    [2, "chat.example.com", true],
    [1, " , ", false],
    [0, "chat.example.com", false],
  ])(
    "CONN-5 behind %i proxies, of which X-Forwarded-Host says %j, the server's own page is recognised: %s",
    (...given) => {
      const [trustProxy, forwarded, expected] = given;
      const { isAllowed } = open({ trustProxy });

      const headers = { host: "10.0.0.5:8000", "x-forwarded-host": forwarded };

      expect(isAllowed("https://chat.example.com", headers)).toBe(expected);
    },
  );

  it.each(["http://localhost:3000", "http://127.0.0.1:5173", "http://[::1]:8080", "https://localhost"])(
    "CONN-5 outside production pages of any local server are allowed: %s",
    (origin) => {
      expect(open({ allowLocalhost: true }).isAllowed(origin)).toBe(true);
    },
  );

  it.each(["http://localhost.evil.example", "http://127.0.0.1.evil.example", "https://evil.example", "null"])(
    "CONN-5 outside production %s is refused",
    (origin) => {
      expect(open({ allowLocalhost: true }).isAllowed(origin)).toBe(false);
    },
  );

  it("CONN-5 a refusal names the origin, the compared hosts and the setting, limited in length", () => {
    const { origins } = open({ trustProxy: 1 });
    const headers = { host: "10.0.0.5:8000", "x-forwarded-host": "www.example.com" };

    const refusal = origins.refusalOf({ ...headers, origin: `https://${"x".repeat(5_000)}"\n` });

    for (const part of ['"https://xxx', '"10.0.0.5:8000" or "www.example.com"', "CORS_ORIGINS", "TRUST_PROXY", "Host"])
      expect(refusal).toContain(part);
    expect(refusal?.length).toBeLessThan(700);
  });

  it("CONN-5 a refusal is reported once a minute for each origin", () => {
    const { isAllowed, reports, clock } = open();

    for (let time = 0; time < 3; time++)
      for (const origin of ["https://a.example", "https://b.example"]) isAllowed(origin);
    const atFirst = reports.length;
    clock.advance(60_001);
    isAllowed("https://a.example");

    expect([atFirst, reports.length]).toEqual([2, 3]);
    expect(reports[2]).toContain('"https://a.example"');
  });
});
