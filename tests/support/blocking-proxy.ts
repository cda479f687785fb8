import { createServer, request } from "node:http";
import { connect, type Socket } from "node:net";
import { listening } from "./listening.ts";

/** An HTTP proxy in front of a server that lets requests through, and WebSockets only when it is told to. */
export class BlockingProxy {
  isBlocking = true;
  readonly #webSockets = new Set<Socket>();
  readonly url: string;

  private constructor(url: string) {
    this.url = url;
  }

  /** Closed after the test. */
  static async start(target: string): Promise<BlockingProxy> {
    const { hostname, port } = new URL(target);
    const server = createServer((incoming, answer) => {
      const { method, url, headers } = incoming;
      const onward = request({ hostname, port, method, path: url, headers }, (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer);
      });
      onward.on("error", () => answer.destroy());
      answer.on("close", () => onward.destroy());
      incoming.pipe(onward);
    });
    const proxy = new BlockingProxy(await listening(server));
    server.on("upgrade", (incoming, socket, head) => {
      if (proxy.isBlocking) return void socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      const lines = Object.entries(incoming.headers).map(([name, value]) => `${name}: ${value}`);
      const onward = connect({ host: hostname, port: Number(port) }, () => {
        onward.write(`${incoming.method} ${incoming.url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
        onward.write(head);
        onward.pipe(socket).pipe(onward);
      });
      proxy.#webSockets.add(onward);
      for (const end of [onward, socket]) end.on("error", () => {});
      onward.on("close", () => {
        proxy.#webSockets.delete(onward);
        socket.destroy();
      });
      socket.on("close", () => onward.destroy());
    });
    return proxy;
  }

  /** Ends the WebSockets that are open. */
  closeWebSockets(): void {
    for (const socket of this.#webSockets) socket.destroy();
  }
}
