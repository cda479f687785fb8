interface NginxConf {
  /** Before everything else, such as modules that are loaded. */
  first?: string;
  workers: number;
  /** What the HTTP server has. */
  http: string;
}

/** A configuration with which nginx runs in the foreground, with all its files in the folder that `-p` names. */
export function nginxConf({ first = "", workers, http }: NginxConf): string {
  // It would read and write its own files as somebody else.
  const user = process.getuid?.() === 0 ? "user root;" : "";
  return `
${first}
${user}
daemon off;
pid nginx.pid;
worker_processes ${workers};
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
    ${http}
}
`;
}
