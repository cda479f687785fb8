import type { IncomingMessage, Server } from "node:http";

/**
 * Serves the server below a path of a larger site: `/rt/api/tasks` becomes `/api/tasks`. Requests without the path are
 * served as well, since many proxies remove it. To be called after all other listeners are attached, so that it handles
 * each request first. SPEC PAGE-13.
 */
export function serveBelow(basePath: string, server: Server): void {
  if (basePath === "") return;
  const removeBasePath = (request: IncomingMessage) => {
    const { url = "/" } = request;
    if (!url.startsWith(basePath)) return;
    const rest = url.slice(basePath.length);
    // `/rtx` is not below `/rt`.
    if (rest === "" || rest.startsWith("?")) request.url = `/${rest}`;
    else if (rest.startsWith("/")) request.url = rest;
  };
  server.prependListener("request", removeBasePath);
  server.prependListener("upgrade", removeBasePath);
}
