import { changed, type Ports, type ProxyKind } from "../../../bench/run/delivered-proxy.ts";

const args = (file: string) => ["--config", file, "--adapter", "caddyfile"];

/** Caddy as deploy/caddy sets it up, but for the ports, and without TLS. */
export const caddy: ProxyKind = {
  name: "caddy",
  configuration({ fronts, instances }: Ports, folder) {
    const servers = instances.map((port) => ` 127.0.0.1:${port}`).join("");
    const addresses = fronts.map((port) => `http://127.0.0.1:${port}`).join(", ");
    const site = changed("caddy/Caddyfile", [
      [/^signalbox\.example\.com/m, addresses],
      [/(?<=\tto)(?: 127\.0\.0\.1:\d+)+/, servers],
    ]);
    return `{\n\tadmin unix/${folder}/admin.sock\n}\n${site}`;
  },
  args: (file) => ["run", ...args(file)],
  reload: (file) => ["reload", ...args(file)],
  env: (folder) => ({ XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder, HOME: folder }),
};
