import { existsSync } from "node:fs";
import { changed, type ProxyKind } from "../../../bench/run/delivered-proxy.ts";

/** What the delivered file says is to be enabled, and what Debian has enabled by default. */
const modules = [
  ["mpm_event", "authz_core", "filter"],
  ["proxy", "proxy_http", "proxy_balancer", "lbmethod_byrequests", "slotmem_shm", "rewrite", "headers", "deflate"],
].flat();

/** Where Debian and Homebrew have them. */
const folders = ["/usr/lib/apache2/modules", "/opt/homebrew/lib/httpd/modules", "/usr/local/lib/httpd/modules"];

/** Apache as deploy/apache sets it up, but for the ports, and without TLS. */
export const apache: ProxyKind = {
  name: "apache",
  configuration({ fronts, instances }, folder) {
    const members = instances.map((port, n) => `BalancerMember http://127.0.0.1:${port} route=${n + 1}`);
    const site = changed("apache/signalbox.conf", [
      [
        /(?:BalancerMember http:\/\/127\.0\.0\.1:\d+ route=\d+ (.*)\n\s*)+/g,
        `${members.map((member) => `${member} $1`).join("\n    ")}\n    `,
      ],
      ["<VirtualHost *:443>", `<VirtualHost ${fronts.map((port) => `127.0.0.1:${port}`).join(" ")}>`],
      [/^\s*SSL.*$/gm, ""],
      // The way from plain HTTP.
      [/<VirtualHost \*:80>[\s\S]*?<\/VirtualHost>/, ""],
    ]);
    const modulesFolder = folders.find(existsSync) ?? folders[0];
    return [
      `ServerRoot ${folder}`,
      "ServerName 127.0.0.1",
      ...modules.map((name) => `LoadModule ${name}_module ${modulesFolder}/mod_${name}.so`),
      `DefaultRuntimeDir ${folder}`,
      `PidFile ${folder}/apache.pid`,
      `Mutex file:${folder}`,
      `ErrorLog ${folder}/error.log`,
      ...fronts.map((port) => `Listen 127.0.0.1:${port}`),
      site,
    ].join("\n");
  },
  args: (file) => ["-D", "FOREGROUND", "-f", file],
  reload: "SIGUSR1",
};
