import { changed, type ProxyKind } from "../../../bench/run/delivered-proxy.ts";

/** HAProxy as deploy/haproxy sets it up, but for the ports and the certificate. */
export const haproxy: ProxyKind = {
  name: "haproxy",
  configuration({ fronts, tls, instances }) {
    const servers = instances.map((port, n) => `server s${n} 127.0.0.1:${port}`);
    const secure = tls ? `bind 127.0.0.1:${tls.port} ssl crt ${tls.certificate} alpn` : "# no TLS:";
    return changed("haproxy/haproxy.cfg", [
      ["bind :80", fronts.map((port) => `bind 127.0.0.1:${port}`).join("\n    ")],
      [/bind :443 ssl crt \S+ alpn/, secure],
      // The way from plain HTTP.
      [/^.*redirect scheme https.*$/m, ""],
      [/(?:server \w 127\.0\.0\.1:\d+\s*)+/g, `${servers.join("\n    ")}\n\n`],
      ["maxconn 60000", "maxconn 1000"],
    ]);
  },
  args: (file) => ["-W", "-f", file],
  reload: "SIGUSR2",
};
