import { afterEach } from "@jest/globals";
import { WebSocket } from "ws";
import { Inbox } from "./inbox.ts";
import { within } from "./within.ts";

const opened: RawEngine[] = [];
afterEach(() => {
  for (const engine of opened.splice(0)) engine.socket.terminate();
});

/**
 * A client that speaks Engine.IO by hand, so that it can say what no library would. Packets are as they stand on the
 * wire: `40/chat,{…}` enters a namespace, `42/chat,["name",{…}]` is an event there, `421/chat,…` one that is acknowledged by `431…`.
 */
export class RawEngine {
  /** Every packet that came, as it came, under the name `packet`. */
  readonly inbox = new Inbox();
  readonly socket: WebSocket;
  readonly closed: Promise<void>;

  constructor(serverUrl: string) {
    this.socket = new WebSocket(`${serverUrl.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`);
    this.socket.on("message", (data) => this.inbox.put("packet", String(data)));
    this.socket.on("error", () => {});
    this.closed = new Promise((resolve) => void this.socket.once("close", () => resolve()));
    opened.push(this);
  }

  /** Engine.IO's handshake is done. */
  async open(): Promise<this> {
    await this.packet((packet) => packet.startsWith("0{"));
    return this;
  }

  /** Enters `/chat`. */
  async enterChat(token: string): Promise<this> {
    await this.open();
    this.send(`40/chat,${JSON.stringify({ token })}`);
    await this.packet((packet) => packet.includes("system.connection.established"));
    return this;
  }

  send(packet: string | Buffer): void {
    this.socket.send(packet);
  }

  /** The first packet that is like this, of those that came and those that will. */
  async packet(isIt: (packet: string) => boolean): Promise<string> {
    const find = () => this.inbox.of<string>("packet").find(isIt);
    await this.inbox.until(() => find() !== undefined, `a packet like ${isIt}`);
    return find() ?? "";
  }

  /** What acknowledges the event that was sent with this number. */
  async reply(id: number): Promise<unknown> {
    const start = `43/chat,${id}[`;
    const packet = await this.packet((text) => text.startsWith(start));
    const [reply] = JSON.parse(packet.slice(start.length - 1));
    return reply;
  }

  /** The server has ended the connection. */
  ended(): Promise<void> {
    return within(this.closed, "the end of the connection");
  }
}
