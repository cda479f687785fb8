import { connect, createServer, type Socket } from "node:net";
import { listening } from "./listening.ts";

/** One address before several instances: each connection goes to the next of them that can be reached. */
export class RoundRobinProxy {
  readonly url: string;

  private constructor(url: string) {
    this.url = url;
  }

  /** Closed after the test. */
  static async start(targets: readonly string[]): Promise<RoundRobinProxy> {
    const addresses = targets.map((target) => new URL(target));
    let next = 0;
    const forward = (socket: Socket, tries: number): void => {
      const target = addresses[next++ % addresses.length];
      if (!target || tries === 0) return void socket.destroy();
      const onward = connect({ host: target.hostname, port: Number(target.port) });
      const refused = () => forward(socket, tries - 1);
      onward.once("error", refused);
      onward.once("connect", () => {
        onward.off("error", refused);
        onward.on("error", () => {});
        onward.pipe(socket).pipe(onward);
        onward.once("close", () => socket.destroy());
      });
      socket.once("close", () => onward.destroy());
    };
    return new RoundRobinProxy(await listening(createServer((socket) => forward(socket, addresses.length))));
  }
}
