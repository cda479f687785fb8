import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { nginxConf } from "../run/nginx-conf.ts";

/** Where Debian's package puts it. */
export const nchanModule = "/usr/lib/nginx/modules/ngx_nchan_module.so";

/** Writes a configuration for one worker into the folder: whoever connects to a room's address is in it. */
export function nchanCommand(port: number, folder: string): string[] {
  const http = `
    nchan_max_reserved_memory 512m;
    server {
        listen 127.0.0.1:${port} backlog=4096;
        location ~ ^/in/(.+)$ { nchan_subscriber websocket; nchan_channel_id $1; nchan_subscriber_first_message newest; }
        location ~ ^/to/(.+)$ { nchan_publisher websocket; nchan_channel_id $1; nchan_message_buffer_length 1000; }
    }`;
  const file = join(folder, "nginx.conf");
  // One process, so that what is measured of it is all of it.
  writeFileSync(file, nginxConf({ first: `load_module ${nchanModule};\nmaster_process off;`, workers: 1, http }));
  return ["nginx", "-p", folder, "-c", file, "-e", "stderr"];
}
