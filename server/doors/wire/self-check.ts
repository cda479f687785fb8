import { createServer, type Server as HttpServer, request } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { Batch } from "../../deliver/batch.ts";
import type { Wire } from "../../deliver/outbox.ts";
import { TextFrame } from "../../deliver/text-frame.ts";
import { withTimeout } from "../../runtime/with-timeout.ts";

/** A server-side connection of a library, with the library's way to write and the direct one. */
interface CheckedLink {
  /** Writes with the library's public method. */
  writePublicly(text: string): void;
  wire: Wire;
  /** Whether a write now would bypass the library. */
  isDirect(): boolean;
  /** The names of parts that are missing or different. */
  unknown: readonly string[];
}

/** A library's server on an HTTP server of its own. */
interface CheckedLibrary {
  /** The path of its WebSocket endpoint. */
  path: string;
  /** What the client sends before anything else: the first text at once, the next when Socket.IO has greeted. */
  says: readonly string[];
  /** `connected` is to be called when the last of it was received. */
  attach(httpServer: HttpServer, connected: (link: CheckedLink) => void): void;
  close(): void;
}

const timeoutMs = 2_000;

/**
 * The internals of a library that are not as expected. None: frames written past the library arrive whole and in order
 * with those it writes. Tested on a connection of this process to itself, because the library's internals are not
 * documented and may change with any version.
 */
export async function unknownParts(library: CheckedLibrary): Promise<string[]> {
  const httpServer = createServer();
  const sockets = new Set<Socket>();
  httpServer.on("connection", (socket) => sockets.add(socket));
  try {
    await new Promise<void>((resolve, reject) => {
      httpServer.once("error", reject);
      // Exclusive: workers share ports, so another worker could receive the connection.
      httpServer.listen({ port: 0, host: "127.0.0.1", exclusive: true }, resolve);
    });
    const { port } = httpServer.address() as AddressInfo;
    const { texts, isDirect, unknown } = await withTimeout(exchange(library, httpServer, port), timeoutMs);
    if (unknown.length > 0) return [...unknown];
    return isDirect && texts.join() === written.join() ? [] : ["order of writes"];
  } catch (error) {
    return [`answer to the check (${error instanceof Error ? error.message : String(error)})`];
  } finally {
    library.close();
    httpServer.close();
    for (const socket of sockets) socket.destroy();
  }
}

/** Includes a frame of the greatest short length, and a longer one with more bytes than characters. */
const written = ["4first", `4${"ä".repeat(62)}`, `4${"€".repeat(300)}`, "4fourth", "4fifth", "4sixth", "4last"];

/** The texts that a client receives when messages are written to it by turns directly and through the library. */
async function exchange(library: CheckedLibrary, httpServer: HttpServer, port: number) {
  let isDirect = false;
  let unknown: readonly string[] = [];
  library.attach(httpServer, (link) => {
    unknown = link.unknown;
    const [first = "", second = "", third = "", fourth = "", fifth = "", sixth = "", last = ""] = written;
    const batch = (...texts: string[]) => texts.reduce((all, text) => all.with(new TextFrame(text)), Batch.empty());
    setImmediate(() => {
      link.writePublicly(first);
      link.wire.write(batch(second, third));
      setImmediate(() => {
        isDirect = link.isDirect();
        link.wire.write(batch(fourth));
        link.writePublicly(fifth);
        // Engine.IO keeps it until the network has taken the fifth, and the last one must wait behind it.
        link.writePublicly(sixth);
        link.wire.write(batch(last));
      });
    });
  });
  const texts = await receive(port, library, written.length);
  return { texts, isDirect, unknown };
}

function receive(port: number, { path, says }: CheckedLibrary, count: number): Promise<string[]> {
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
      const unsaid = [...says];
      const sayNext = () => {
        const text = unsaid.shift();
        if (text !== undefined) socket.write(maskedFrame(text));
      };
      const check = () => {
        // Without the greetings of Engine.IO and Socket.IO.
        const all = textsIn(bytes);
        if (all.some(isGreeting)) sayNext();
        const texts = all.filter((text) => text.startsWith("4") && !isGreeting(text));
        if (texts.length >= count) resolve(texts);
      };
      sayNext();
      socket.on("error", reject);
      socket.on("data", (chunk: Buffer) => {
        bytes = Buffer.concat([bytes, chunk]);
        check();
      });
      check();
    });
    asking.end();
  });
}

/** Of Socket.IO; that of Engine.IO begins with a 0. */
const isGreeting = (text: string) => text.startsWith("40");

/** A frame of a client, with a short text. */
function maskedFrame(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
}

/** The texts of the complete frames received. */
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
