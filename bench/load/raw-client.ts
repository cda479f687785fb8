import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { clientFrame, type FrameListener, FrameScanner } from "./frames.ts";

/** What a server speaks over the WebSocket. */
export interface Dialect {
  /** Where the WebSocket is. */
  path: string;
  /** The namespace, or `undefined` where there is no Engine.IO and no Socket.IO. */
  namespace: string | undefined;
  /** `false`: what is sent has no number that a reply would have. */
  acknowledges?: boolean;
}

/** All connections read into the same memory: nothing is kept of what was counted. */
const readBuffer = Buffer.allocUnsafe(256 * 1024);
const lookAt = 24;

/**
 * A client that costs little: no library, no event per message but a call, no parsing of what is only counted.
 * Events and replies are Socket.IO's packets; where there is no Socket.IO, the same texts without it.
 */
export class RawClient implements FrameListener {
  /** An event whose name begins with `c`: what is counted. */
  onEvent: (now: number) => void = () => {};
  /** Every other message, once it is complete, as long as somebody listens. */
  onText: ((text: string) => void) | undefined;
  /** What is counted is read like every other message, and costs as much. */
  readsAll = false;
  onClose: () => void = () => {};
  readonly #socket: Socket;
  readonly #scanner = new FrameScanner(lookAt);
  readonly #prefix: string;
  readonly #acknowledges: boolean;
  readonly #nameAt: number;
  readonly #replies = new Map<number, (text: string) => void>();
  #upgraded = false;
  #head = "";
  #ids = 0;
  /** When what is being looked at was read. */
  #now = 0;
  /** A message that is listened to and not complete yet. */
  #partial: { text: Buffer[]; missing: number } | undefined;
  #opened: (() => void) | undefined;

  private constructor(port: number, dialect: Dialect, opened: () => void, failed: (error: Error) => void) {
    this.#prefix = dialect.namespace === undefined || dialect.namespace === "/" ? "" : `${dialect.namespace},`;
    this.#nameAt = 4 + this.#prefix.length;
    this.#acknowledges = dialect.acknowledges ?? true;
    this.#opened = opened;
    this.#socket = connect({
      host: "127.0.0.1",
      port,
      noDelay: true,
      onread: { buffer: readBuffer, callback: (length) => this.#read(length, readBuffer) },
    });
    this.#socket.on("connect", () => {
      const key = randomBytes(16).toString("base64");
      this.#socket.write(
        `GET ${dialect.path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
      );
    });
    this.#socket.on("error", failed);
    this.#socket.on("close", () => {
      failed(new Error("closed"));
      this.onClose();
    });
  }

  /** Resolves when the server has accepted the upgrade, and the namespace if there is one. */
  static async open(port: number, dialect: Dialect, auth: unknown): Promise<RawClient> {
    let client: RawClient | undefined;
    await new Promise<void>((resolve, reject) => {
      client = new RawClient(port, dialect, resolve, reject);
    });
    if (!client) throw new Error("no connection");
    if (dialect.namespace !== undefined) await client.#enter(auth);
    return client;
  }

  /** Sends an event and resolves with the text of its reply. */
  request(name: string, payload: unknown): Promise<string> {
    const id = ++this.#ids;
    const reply = new Promise<string>((resolve) => this.#replies.set(id, resolve));
    this.#socket.write(clientFrame(`42${this.#prefix}${id}${JSON.stringify([name, payload])}`));
    return reply;
  }

  /** Bytes for an event that asks for a reply which nobody waits for. */
  frameOf(name: string, payload: unknown): Buffer {
    const id = this.#acknowledges ? ++this.#ids : "";
    return clientFrame(`42${this.#prefix}${id}${JSON.stringify([name, payload])}`);
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  close(): void {
    this.#socket.destroy();
  }

  message(bytes: Buffer, start: number, length: number, seen: number): void {
    // `42/chat,["chat_message",…`, and not `["system.ping"`
    if (bytes[start] === four && bytes[start + 1] === two && bytes[start + this.#nameAt] === c && !this.readsAll)
      return this.onEvent(this.#now);
    if (length === 1 && bytes[start] === two) return void this.#socket.write(pong);
    if (!this.onText && this.#replies.size === 0) return;
    const text = Buffer.from(bytes.subarray(start, start + seen));
    if (seen < length) this.#partial = { text: [text], missing: length - seen };
    else this.#heard(text.toString());
  }

  async #enter(auth: unknown): Promise<void> {
    const entered = new Promise<void>((resolve, reject) => {
      this.onText = (text) => {
        if (text.startsWith(`40${this.#prefix}`)) resolve();
        else if (text.startsWith("44")) reject(new Error(text));
      };
      this.onClose = () => reject(new Error("closed while entering"));
    });
    this.#socket.write(clientFrame(`40${this.#prefix}${JSON.stringify(auth)}`));
    await entered;
    this.onText = undefined;
    this.onClose = () => {};
  }

  #read(length: number, buffer: Buffer): boolean {
    if (!this.#upgraded) {
      this.#head += buffer.toString("latin1", 0, length);
      const end = this.#head.indexOf("\r\n\r\n");
      if (end < 0) return true;
      if (!this.#head.startsWith("HTTP/1.1 101")) {
        this.#socket.destroy(new Error(this.#head.slice(0, 80)));
        return false;
      }
      this.#upgraded = true;
      const rest = Buffer.from(this.#head.slice(end + 4), "latin1");
      this.#head = "";
      this.#opened?.();
      this.#opened = undefined;
      if (rest.length > 0) this.#scan(rest, rest.length);
      return true;
    }
    this.#scan(buffer, length);
    return true;
  }

  #scan(buffer: Buffer, length: number): void {
    const partial = this.#partial;
    if (partial) {
      const part = Buffer.from(buffer.subarray(0, Math.min(length, partial.missing)));
      partial.text.push(part);
      partial.missing -= part.length;
      if (partial.missing === 0) {
        this.#partial = undefined;
        this.#heard(Buffer.concat(partial.text).toString());
      }
    }
    this.#now = performance.now();
    this.#scanner.scan(buffer, length, this);
  }

  #heard(text: string): void {
    if (text.startsWith(`43${this.#prefix}`)) {
      const id = Number.parseInt(text.slice(2 + this.#prefix.length), 10);
      const resolve = this.#replies.get(id);
      this.#replies.delete(id);
      resolve?.(text);
    }
    this.onText?.(text);
  }
}

const pong = clientFrame("3");
const [two, four, c] = [0x32, 0x34, 0x63];
