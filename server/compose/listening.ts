import type { Server } from "node:http";
import type { ListenOptions } from "node:net";

/** Length of the queue of half-open connections: after a restart all clients connect at once. */
export const listenBacklog = 4_096;

/** Resolves when the server accepts connections. */
export async function listen(httpServer: Server, options: ListenOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    httpServer.once("error", reject);
    httpServer.listen(options, resolve);
  });
}

/** The server's URL for a user of this machine. */
export function urlOf(host: string, port: number): string {
  return `http://${host === "0.0.0.0" || host === "127.0.0.1" ? "localhost" : host}:${port}`;
}
