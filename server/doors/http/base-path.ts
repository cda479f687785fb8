import type { IncomingMessage, Server } from "node:http";

/**
 * Makes a server answer below a path of a larger site: `/rt/api/tasks` is `/api/tasks`. Requests without the path are
 * answered as well, since many proxies remove it. Call it after everything else has been attached to the server: it has
 * to see a request first. SPEC PAGE-13.
 */
export function serveBelow(basePath: string, server: Server): void {
  if (basePath === "") return;
  const removeBasePath = (request: IncomingMessage) => {
    const { url = "/" } = request;
    if (!url.startsWith(basePath)) return;
    const rest = url.slice(basePath.length);
    // `/rtx` is another path than `/rt`.
    if (rest === "" || rest.startsWith("?")) request.url = `/${rest}`;
    else if (rest.startsWith("/")) request.url = rest;
  };
  server.prependListener("request", removeBasePath);
  server.prependListener("upgrade", removeBasePath);
}
