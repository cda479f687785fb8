import { connect, type Socket } from "node:net";
import { afterEach } from "@jest/globals";
import { within } from "./within.ts";

const opened: Tcp[] = [];
afterEach(() => {
  for (const tcp of opened.splice(0)) tcp.socket.destroy();
});

/** A bare TCP connection to a server, for what no client library would say. Closed after the test. */
export class Tcp {
  readonly socket: Socket;
  /** Everything that came. */
  received = "";
  readonly closed: Promise<void>;

  constructor(serverUrl: string) {
    const { hostname, port } = new URL(serverUrl);
    this.socket = connect({ host: hostname, port: Number(port) });
    this.socket.setEncoding("latin1").on("data", (text: string) => {
      this.received += text;
    });
    this.socket.on("error", () => {});
    this.closed = new Promise((resolve) => void this.socket.once("close", () => resolve()));
    opened.push(this);
  }

  write(bytes: string | Buffer): void {
    this.socket.write(bytes);
  }

  /** The server has ended the connection. */
  ended(): Promise<void> {
    return within(this.closed, () => `the end of the connection, which brought: ${this.received.slice(0, 200)}`);
  }
}
