import type { Server } from "node:http";
import type { ListenOptions } from "node:net";

/** Every instance waits for this many half-open connections: after a restart everybody comes at once. */
export const listenBacklog = 4_096;

/** Resolves when it takes connections. */
export async function listen(httpServer: Server, options: ListenOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    httpServer.once("error", reject);
    httpServer.listen(options, resolve);
  });
}

/** Where a person on this machine reaches the server. */
export function urlOf(host: string, port: number): string {
  return `http://${host === "0.0.0.0" || host === "127.0.0.1" ? "localhost" : host}:${port}`;
}
