import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach } from "@jest/globals";

const opened: RoundRobinProxy[] = [];
afterEach(async () => {
  for (const proxy of opened.splice(0)) await proxy.close();
});

/** One address before several instances: each connection goes to the next of them that can be reached. */
export class RoundRobinProxy {
  readonly #targets: readonly URL[];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #next = 0;

  private constructor(targets: readonly string[]) {
    this.#targets = targets.map((target) => new URL(target));
    this.#server = createServer((socket) => {
      this.#keep(socket);
      this.#forward(socket, this.#targets.length);
    });
  }

  /** Closed after the test. */
  static async start(targets: readonly string[]): Promise<RoundRobinProxy> {
    const proxy = new RoundRobinProxy(targets);
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

  #forward(socket: Socket, tries: number): void {
    const target = this.#targets[this.#next++ % this.#targets.length];
    if (!target || tries === 0) return void socket.destroy();
    const onward = connect({ host: target.hostname, port: Number(target.port) });
    this.#keep(onward);
    const refused = () => this.#forward(socket, tries - 1);
    onward.once("error", refused);
    onward.once("connect", () => {
      onward.off("error", refused);
      onward.pipe(socket).pipe(onward);
      onward.once("close", () => socket.destroy());
      socket.once("close", () => onward.destroy());
    });
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => this.#sockets.delete(socket));
  }
}
