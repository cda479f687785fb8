import { once } from "node:events";
import { createServer, request, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach } from "@jest/globals";

const opened: BlockingProxy[] = [];
afterEach(async () => {
  for (const proxy of opened.splice(0)) await proxy.close();
});

/** An HTTP proxy in front of a server that lets requests through, and WebSockets only when it is told to. */
export class BlockingProxy {
  isBlocking = true;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(target: string) {
    const { hostname, port } = new URL(target);
    this.#server = createServer((incoming, answer) => {
      const { method, url, headers } = incoming;
      const onward = request({ hostname, port, method, path: url, headers }, (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer);
      });
      onward.on("error", () => answer.destroy());
      answer.on("close", () => onward.destroy());
      incoming.pipe(onward);
    });
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    this.#server.on("upgrade", (incoming, socket, head) => {
      if (this.isBlocking) return void socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      const lines = Object.entries(incoming.headers).map(([name, value]) => `${name}: ${value}`);
      const onward = connect({ host: hostname, port: Number(port) }, () => {
        onward.write(`${incoming.method} ${incoming.url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
        onward.write(head);
        onward.pipe(socket).pipe(onward);
      });
      for (const end of [onward, socket]) end.on("error", () => {});
      onward.on("close", () => socket.destroy());
      socket.on("close", () => onward.destroy());
    });
  }

  /** Closed after the test. */
  static async start(target: string): Promise<BlockingProxy> {
    const proxy = new BlockingProxy(target);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    opened.push(proxy);
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}
