import { once } from "node:events";
import { createServer } from "node:net";

/**
 * A port that nobody listens on, for a program that has to be told one. It is none of those that the system gives to
 * connections and to servers that ask for any (from 32768 on): what is free now still is when the program begins.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 22_000);
    const server = createServer().listen(port, "127.0.0.1");
    const isFree = await once(server, "listening").then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}
