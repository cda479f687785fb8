import { afterEach } from "@jest/globals";
import { Inbox } from "./inbox.ts";

const opened: RawPolling[] = [];
afterEach(() => {
  for (const polling of opened.splice(0)) polling.close();
});

/** Between the packets of one request. */
const separator = "\u001e";

/** A client that speaks Engine.IO over HTTP by hand. Packets as of `RawEngine`. */
export class RawPolling {
  readonly inbox = new Inbox();
  readonly #url: string;
  readonly #end = new AbortController();

  private constructor(url: string) {
    this.#url = url;
    opened.push(this);
  }

  close(): void {
    this.#end.abort();
  }

  static async open(serverUrl: string): Promise<RawPolling> {
    const url = `${serverUrl}/socket.io/?EIO=4&transport=polling`;
    const { sid } = JSON.parse((await (await fetch(url)).text()).slice(1)) as { sid: string };
    const polling = new RawPolling(`${url}&sid=${sid}`);
    void polling.#poll();
    return polling;
  }

  /** Resolves with the status of the request. */
  async send(packet: string): Promise<number> {
    const headers = { "content-type": "text/plain;charset=UTF-8" };
    const response = await fetch(this.#url, { method: "POST", headers, body: packet });
    await response.text();
    return response.status;
  }

  /** The first packet with this beginning, without it. */
  async packet(start: string): Promise<string> {
    const find = () => this.inbox.of<string>("packet").find((packet) => packet.startsWith(start));
    await this.inbox.until(() => find() !== undefined, `a packet ${start}`);
    return (find() ?? "").slice(start.length);
  }

  async #poll(): Promise<void> {
    for (;;) {
      const response = await fetch(this.#url, { signal: this.#end.signal }).catch(() => undefined);
      const text = await response?.text().catch(() => undefined);
      if (!response?.ok || text === undefined) return this.inbox.put("end", response?.status);
      for (const packet of text.split(separator)) this.inbox.put("packet", packet);
    }
  }
}
