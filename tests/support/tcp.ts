import { randomBytes } from "node:crypto";
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
  /** The same as it was read: what is written at once is mostly read at once. */
  readonly pieces: string[] = [];
  readonly closed: Promise<void>;

  constructor(serverUrl: string) {
    const { hostname, port } = new URL(serverUrl);
    this.socket = connect({ host: hostname, port: Number(port) });
    this.socket.setEncoding("latin1").on("data", (text: string) => {
      this.received += text;
      this.pieces.push(text);
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

/** The handshake of a WebSocket, by hand. */
export const handshake = (path: string) =>
  [
    `GET ${path} HTTP/1.1`,
    "Host: localhost",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
    "",
    "",
  ].join("\r\n");

/** A text in the frame of a client, whose mask changes nothing. */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const head = length < 126 ? [0x81, 0x80 | length] : [0x81, 0xfe, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), Buffer.from(text)]);
}
