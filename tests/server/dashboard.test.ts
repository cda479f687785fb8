import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "@jest/globals";
import { root } from "../repository/source-tree.ts";
import { defined } from "../support/defined.ts";
import { startServer, type TestServer } from "../support/server.ts";

const html = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };

const asBrowser = (server: TestServer, path: string) => fetch(server.url + path, { headers: html });

describe("the dashboard", () => {
  it("PAGE-3 it loads less than 250 KiB of JavaScript, compressed, before a screen is chosen", () => {
    const built = join(root, "dist/dashboard");
    const manifest: Record<string, { file: string; isEntry?: boolean; imports?: string[] }> = JSON.parse(
      readFileSync(join(built, ".vite/manifest.json"), "utf8"),
    );
    const entry = defined(
      Object.keys(manifest).find((name) => manifest[name]?.isEntry),
      "entry of the page",
    );

    const needed = new Set([entry]);
    for (const name of needed) for (const other of manifest[name]?.imports ?? []) needed.add(other);
    const sizes = [...needed].map((name) => gzipSync(readFileSync(join(built, manifest[name]?.file ?? ""))).length);

    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(250 * 1_024);
    expect(Object.keys(manifest).filter((name) => /screen\.tsx$/.test(name) && !needed.has(name))).toHaveLength(3);
  });

  it("PAGE-3 browsers cache files with a content hash in their names, and ask for the page each time", async () => {
    const server = await startServer({ store: "memory" });

    const page = await asBrowser(server, "/");
    const [, script = ""] = /<script[^>]* src="(\/assets\/[^"]+\.js)"/.exec(await page.text()) ?? [];
    const asset = await fetch(server.url + script);

    expect(page.headers.get("cache-control")).toBe("no-cache");
    expect(page.headers.get("content-type")).toMatch(/^text\/html/);
    expect(asset.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(asset.headers.get("content-type")).toMatch(/^text\/javascript/);
  });

  it("PAGE-4 it is served at the address of every screen, each time with a new nonce", async () => {
    const server = await startServer({ store: "memory" });

    const pages = await Promise.all(["/chat/42", "/chat/42", "/nowhere"].map((path) => asBrowser(server, path)));
    const policies = pages.map(({ headers }) => headers.get("content-security-policy") ?? "");
    const nonces = policies.map((policy) => /style-src 'self' 'nonce-([\w+/=]{24})'/.exec(policy)?.[1] ?? "");
    const texts = await Promise.all(pages.map((page) => page.text()));

    expect(pages.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(new Set(nonces).size).toBe(3);
    expect(texts.map((text, index) => text.includes(`nonce="${nonces[index]}"`))).toEqual([true, true, true]);
    expect(texts.join()).not.toContain("NONCE");
    for (const policy of policies) {
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self';");
      expect(policy).not.toContain("unsafe");
    }
  });

  it("PAGE-4 it is not served to programs, nor at addresses of the API and of files", async () => {
    const server = await startServer({ store: "memory" });

    const answers = await Promise.all([
      server.request("GET", "/chat/42"),
      server.request("POST", "/chat", { headers: html }),
      server.request("GET", "/api/nowhere", { headers: html }),
      server.request("GET", "/assets/nothing.js", { headers: html }),
      server.request("GET", "/.vite/manifest.json"),
      server.request("GET", "/%2e%2e/server/main.js"),
    ]);

    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404, 404]);
    expect(answers.map(({ body }) => body.code)).toEqual(Array(6).fill("not_found"));
  });

  it("PAGE-4 it gets the path of Socket.IO, and whether there is an admin screen", async () => {
    const server = await startServer({ store: "memory", env: { SOCKET_PATH: "/live", ADMIN_ENABLED: "false" } });

    const text = await (await asBrowser(server, "/")).text();

    expect(text).toContain(
      'content="{&quot;basePath&quot;:&quot;&quot;,&quot;socketPath&quot;:&quot;/live&quot;,&quot;hasAdmin&quot;:false}"',
    );
  });

  it("PAGE-4 it can be switched off", async () => {
    const server = await startServer({ store: "memory", env: { DASHBOARD_ENABLED: "false" } });

    const answer = await asBrowser(server, "/");

    expect(answer.status).toBe(404);
  });

  it("PAGE-4 its policy allows requests to the providers for signing in, and to no others", async () => {
    const env = { OIDC_ISSUER: "http://127.0.0.1:9/realms/one", OIDC_CLIENT_ID: "signalbox" };
    const server = await startServer({ store: "memory", env });

    const { headers } = await asBrowser(server, "/");

    expect(headers.get("content-security-policy")).toContain("connect-src 'self' http://127.0.0.1:9;");
  });
});
