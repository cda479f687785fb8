import { changed, delivered, type Ports, type ProxyKind } from "./delivered-proxy.ts";
import { nginxConf } from "./nginx-conf.ts";

/** nginx as deploy/nginx sets it up, but for the ports, and without TLS. */
export const nginx: ProxyKind = {
  name: "nginx",
  configuration: (ports) => nginxConf({ workers: 2, http: siteAt(ports) }),
  args: (file, folder) => ["-p", folder, "-c", file, "-e", "stderr"],
  reload: "SIGHUP",
};

/** The site as it is given away, at these ports. */
function siteAt({ fronts, instances }: Ports): string {
  const servers = instances.map((instance) => `server 127.0.0.1:${instance} max_fails=0;`);
  const listens = fronts.map((port) => `listen 127.0.0.1:${port} backlog=4096;`);
  return changed("nginx/signalbox.conf", [
    [/(?:server 127\.0\.0\.1:\d+ max_fails=0;\s*)+/g, `${servers.join("\n    ")}\n    `],
    ["listen 443 ssl http2;", listens.join("\n    ")],
    [/^\s*ssl_.*$/gm, ""],
    ["include signalbox-proxy.conf;", `include ${delivered("nginx/signalbox-proxy.conf")};`],
    // The way from plain HTTP.
    [/server \{\s*listen 80;[^}]*\}/, ""],
  ]);
}
