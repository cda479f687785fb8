import { createServer, type Server as HttpServer, request } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { Batch } from "../../deliver/batch.ts";
import type { Wire } from "../../deliver/outbox.ts";
import { TextFrame } from "../../deliver/text-frame.ts";
import { withTimeout } from "../../runtime/with-timeout.ts";

/** A connection of a library, with its own way to write and with ours. */
export interface CheckedLink {
  /** By the library's public method. */
  writePublicly(text: string): void;
  wire: Wire;
  /** Whether the wire would write past the library now. */
  isDirect(): boolean;
}

/** A library's server on an HTTP server that nobody else knows of. */
export interface CheckedLibrary {
  /** Where it takes WebSockets. */
  path: string;
  attach(httpServer: HttpServer, connected: (link: CheckedLink) => void): void;
  close(): void;
}

const timeoutMs = 2_000;

/**
 * Whether what is written past a library arrives whole, and in its place among what the library writes. It is tried on
 * a connection of this process to itself: what a library is like inside is promised by nobody, and may change with any
 * version.
 */
export async function keepsOrder(library: CheckedLibrary): Promise<boolean> {
  const httpServer = createServer();
  const sockets = new Set<Socket>();
  httpServer.on("connection", (socket) => sockets.add(socket));
  try {
    await new Promise<void>((resolve, reject) => {
      httpServer.once("error", reject);
      // Exclusive: a worker shares its ports with the others, and they would be talked to as well.
      httpServer.listen({ port: 0, host: "127.0.0.1", exclusive: true }, resolve);
    });
    const { port } = httpServer.address() as AddressInfo;
    const { texts, isDirect } = await withTimeout(exchange(library, httpServer, port), timeoutMs);
    return isDirect && texts.join() === written.join();
  } catch {
    return false;
  } finally {
    library.close();
    httpServer.close();
    for (const socket of sockets) socket.destroy();
  }
}

/** One that is as long as a short frame can be, and one that is longer, with more bytes than characters. */
const written = ["4first", `4${"ä".repeat(62)}`, `4${"€".repeat(300)}`, "4fourth", "4fifth", "4last"];

/** What a client has got of what was written, by turns, to it. */
async function exchange(library: CheckedLibrary, httpServer: HttpServer, port: number) {
  let isDirect = false;
  library.attach(httpServer, (link) => {
    const [first = "", second = "", third = "", fourth = "", fifth = "", last = ""] = written;
    const batch = (...texts: string[]) => texts.reduce((all, text) => all.with(new TextFrame(text)), Batch.empty());
    setImmediate(() => {
      link.writePublicly(first);
      link.wire.write(batch(second, third));
      setImmediate(() => {
        isDirect = link.isDirect();
        link.wire.write(batch(fourth));
        link.writePublicly(fifth);
        link.wire.write(batch(last));
      });
    });
  });
  const texts = await receive(port, library.path, written.length);
  return { texts, isDirect };
}

function receive(port: number, path: string, count: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const headers = {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": Buffer.alloc(16).toString("base64"),
    };
    const asking = request({ host: "127.0.0.1", port, path, headers, agent: false });
    asking.on("error", reject);
    asking.on("upgrade", (_response, socket, head) => {
      let bytes = head;
      const look = () => {
        // What the library says of its own accord, such as Engine.IO's greeting, is not ours.
        const texts = textsIn(bytes).filter((text) => text.startsWith("4"));
        if (texts.length >= count) resolve(texts);
      };
      socket.on("error", reject);
      socket.on("data", (chunk: Buffer) => {
        bytes = Buffer.concat([bytes, chunk]);
        look();
      });
      look();
    });
    asking.end();
  });
}

/** The messages that have come as a whole. */
function textsIn(bytes: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const short = (bytes[at + 1] ?? 0) & 0x7f;
    const start = at + (short < 126 ? 2 : 4);
    const end = start + (short < 126 ? short : bytes.readUInt16BE(at + 2));
    if (end > bytes.length) break;
    texts.push(bytes.toString("utf8", start, end));
    at = end;
  }
  return texts;
}
