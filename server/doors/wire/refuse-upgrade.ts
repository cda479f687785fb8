import type { Duplex } from "node:stream";

/** Answers a request for another protocol with a status of HTTP, and hangs up. */
export function refuseUpgrade(socket: Duplex, status: number, text: string, body = ""): void {
  // A client that does not hang up in its turn would keep the connection, and a server that stops waiting for it.
  socket.once("finish", () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${text}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
