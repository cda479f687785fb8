import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { loadConfig, variables } from "../../server/compose/config.ts";
import { findProgram, installationMs } from "../support/programs.ts";
import { root, sourceFiles } from "./source-tree.ts";

const read = (path: string) => readFileSync(join(root, path), "utf8");

/** Every match of a pattern's first group. */
const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, found]) => found ?? "");

/** What the files for platforms set, each as name and value; a value that is made up elsewhere is left out. */
function settings(): Record<string, Record<string, string>> {
  const heroku = JSON.parse(read("app.json")) as { env: Record<string, { value?: string }> };
  const render = read("render.yaml").matchAll(/- key: (\w+)\n\s+value: "?([^"\n]*)"?/g);
  const fly = /\[env\]\n([\s\S]*?)\n\n/.exec(read("fly.toml"))?.[1]?.matchAll(/^\s*(\w+) = "(.*)"$/gm) ?? [];
  const unit =
    /^Environment=(.*)$/m.exec(read("deploy/systemd/signalbox@.service"))?.[1]?.matchAll(/(\w+)=(\S+)/g) ?? [];
  const image = read("Dockerfile").matchAll(/^ENV (.*)$/gm);
  const pairs = (found: Iterable<RegExpMatchArray>) =>
    Object.fromEntries([...found].map(([, name, value]) => [name, value]));
  return {
    heroku: Object.fromEntries(Object.entries(heroku.env).map(([name, { value = "" }]) => [name, value])),
    render: pairs(render),
    fly: pairs(fly),
    systemd: { ...pairs(unit), PORT: "8001" },
    docker: pairs([...image].flatMap(([, line = ""]) => [...line.matchAll(/(\w+)=(\S+)/g)])),
  };
}

/** What the platform, and not the server, reads. */
const forPlatforms = new Set(["NODE_VERSION"]);
/** What Node, or our tests, read. */
const forOthers = new Set([
  "NODE_EXTRA_CA_CERTS",
  "FUZZ_INPUTS",
  "SECURITY_READERS",
  "OTEL_EXPORTER_OTLP_HEADERS",
  "OTEL_EXPORTER_OTLP_TIMEOUT",
]);

describe("the files for platforms", () => {
  it.each(Object.entries(settings()))("DOC-6 %s names settings that exist, with valid values", (_, set) => {
    const own = Object.entries(set).filter(([name]) => !forPlatforms.has(name));
    // What is needed together with these, and comes from elsewhere.
    const others = { JWT_SECRET: "x".repeat(32), REDIS_URL: "rediss://redis.example:6379" };

    const known = new Set<string>(variables);
    const config = loadConfig({ ...others, ...Object.fromEntries(own.filter(([, value]) => value !== "")) });

    expect(own.length).toBeGreaterThan(1);
    expect(own.map(([name]) => name).filter((name) => !known.has(name))).toEqual([]);
    expect(config.NODE_ENV).toBe("production");
  });

  it.each(["SECURITY.md", "docs/DEPLOYMENT.md", "docs/PROTOCOL.md", "docs/RELIABILITY.md"])(
    "DOC-6 everything that %s calls a setting is one",
    (path) => {
      const named = all(read(path), /(?<![\w/-])([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b/g);

      expect(named.filter((name) => !variables.some((known) => known === name) && !forOthers.has(name))).toEqual([]);
    },
  );

  it("DOC-6 the explained messages about refused tokens are those of the server and its library", () => {
    const table = /### When a token is refused\n(.*?)\n## /s.exec(read("docs/DEPLOYMENT.md"))?.[1] ?? "";
    const messages = all(table, /^\| `([^`]+)`/gm);
    const written = [
      ...sourceFiles("server"),
      ...sourceFiles("shared"),
      "node_modules/jose/dist/webapi/lib/jwt_claims_set.js",
    ]
      .map(read)
      .join("\n");

    expect(messages.length).toBeGreaterThan(4);
    // The library puts the name of the claim in.
    const isWritten = (message: string) => message.split(/(?<=")\w+(?=")/).every((part) => written.includes(part));
    expect(messages.filter((message) => !isWritten(message))).toEqual([]);
  });

  it("OTEL-6 the packages for traces have the same versions everywhere, and are not installed by default", () => {
    const { dependencies, peerDependencies, peerDependenciesMeta } = JSON.parse(read("package.json"));
    const wanted = Object.entries(peerDependencies).map(([name, version]) => `${name}@${version}`);
    const named = (path: string) => [...new Set(all(read(path), /(@opentelemetry\/[\w-]+@[\d.]+)/g))].toSorted();

    expect(named("docs/DEPLOYMENT.md")).toEqual(wanted.toSorted());
    expect(named("server/observe/open-telemetry.ts")).toEqual(wanted.toSorted());
    expect(Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional)).toEqual([]);
    expect(Object.keys(dependencies).filter((name) => name in peerDependencies)).toEqual([]);
  });

  it("DOC-6 the platforms wait longer for the process to stop than it takes", () => {
    const { DRAIN_MS } = loadConfig({});
    const seconds = [
      ...all(read("render.yaml"), /maxShutdownDelaySeconds: (\d+)/g),
      ...all(read("fly.toml"), /kill_timeout = "(\d+)s"/g),
      ...all(read("deploy/railway.json"), /"drainingSeconds": (\d+)/g),
      ...all(read("deploy/systemd/signalbox@.service"), /TimeoutStopSec=(\d+)/g),
    ].map(Number);

    expect(seconds).toHaveLength(4);
    expect(Math.min(...seconds) * 1_000).toBeGreaterThanOrEqual(DRAIN_MS + 5_000);
    expect(read("fly.toml")).toContain('kill_signal = "SIGTERM"');
  });

  it("DOC-6 they start what the Procfile starts", () => {
    const command = /^web: (.*)$/m.exec(read("Procfile"))?.[1] ?? "";
    const withoutFlag = (text: string) => text.replace(/--max-semi-space-size=\d+ /, "");

    const started = [
      ...all(read("render.yaml"), /startCommand: (.*)/g),
      ...all(read("deploy/systemd/signalbox@.service"), /ExecStart=\/usr\/bin\/(.*)/g),
      ...all(read("Dockerfile"), /^CMD (.*)$/gm).map((list) => (JSON.parse(list) as string[]).join(" ")),
    ];

    expect(started.map(withoutFlag)).toEqual(Array(3).fill(withoutFlag(command)));
  });

  it(
    "DOC-6 nginx accepts the configuration as it is, once it has a certificate",
    async () => {
      const nginx = await findProgram("nginx");
      const folder = mkdtempSync(join(tmpdir(), "signalbox-nginx-"));
      const name = ["-subj", "/CN=signalbox.example.com", "-days", "1", "-nodes"];
      const files = ["-keyout", join(folder, "key.pem"), "-out", join(folder, "certificate.pem")];
      execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", ...name, ...files], { stdio: "pipe" });
      const site = read("deploy/nginx/signalbox.conf")
        .replace(/ssl_certificate .*;/, `ssl_certificate ${join(folder, "certificate.pem")};`)
        .replace(/ssl_certificate_key .*;/, `ssl_certificate_key ${join(folder, "key.pem")};`)
        .replace("listen 443", "listen 127.0.0.1:8443")
        .replace("listen 80", "listen 127.0.0.1:8080");
      writeFileSync(join(folder, "signalbox-proxy.conf"), read("deploy/nginx/signalbox-proxy.conf"));
      const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
        (what) => `${what}_temp_path ${folder}/${what};`,
      );
      const configuration = `pid ${folder}/pid; events {} http { access_log off; ${paths.join(" ")} ${site} }`;
      writeFileSync(join(folder, "nginx.conf"), configuration);

      const test = () =>
        execFileSync(nginx, ["-t", "-q", "-p", folder, "-c", join(folder, "nginx.conf"), "-e", "stderr"]);

      expect(test).not.toThrow();
      rmSync(folder, { recursive: true });
    },
    installationMs,
  );
});
