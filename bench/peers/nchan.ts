import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where Debian's package puts it. */
export const nchanModule = "/usr/lib/nginx/modules/ngx_nchan_module.so";

/** Writes a configuration for one worker: whoever connects to a room's address is in it. */
export function nchanCommand(port: number): string[] {
  const folder = mkdtempSync(join(tmpdir(), "signalbox-nchan-"));
  const file = join(folder, "nginx.conf");
  writeFileSync(
    file,
    `
load_module ${nchanModule};
${process.getuid?.() === 0 ? "user root;" : ""}
daemon off;
master_process off;
pid nginx.pid;
worker_rlimit_nofile 20000;
error_log stderr crit;
events { worker_connections 16384; }
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    nchan_max_reserved_memory 512m;
    server {
        listen 127.0.0.1:${port} backlog=4096;
        location ~ ^/in/(.+)$ { nchan_subscriber websocket; nchan_channel_id $1; nchan_subscriber_first_message newest; }
        location ~ ^/to/(.+)$ { nchan_publisher websocket; nchan_channel_id $1; nchan_message_buffer_length 1000; }
    }
}
`,
  );
  return ["nginx", "-p", folder, "-c", file, "-e", "stderr"];
}
