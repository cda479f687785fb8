import type { Envelope } from "../../shared/envelope.ts";
import { Inbox } from "./inbox.ts";

/** A reader of `text/event-stream`, as a browser is one: it knows the last id, and hears named and unnamed messages. */
export class TestEventStream {
  /** Events by their type, `system.*` messages by their name, comments as `comment`, the end as `end`. */
  readonly inbox = new Inbox();
  lastEventId: string | undefined;
  readonly response: Response;
  readonly #aborting: AbortController;
  #text = "";

  private constructor(response: Response, aborting: AbortController) {
    this.response = response;
    this.#aborting = aborting;
  }

  static async open(url: string, headers: Record<string, string>): Promise<TestEventStream> {
    const aborting = new AbortController();
    const response = await fetch(url, {
      headers: { accept: "text/event-stream", ...headers },
      signal: aborting.signal,
    });
    const stream = new TestEventStream(response, aborting);
    if (response.ok) void stream.#read();
    return stream;
  }

  /** The next so many events of a type. */
  next(type: string, count: number): Promise<Envelope[]> {
    return this.inbox.next<Envelope>(type, count);
  }

  close(): void {
    this.#aborting.abort();
  }

  async #read(): Promise<void> {
    try {
      const decoder = new TextDecoder();
      for await (const chunk of this.response.body ?? []) {
        this.#text += decoder.decode(chunk, { stream: true });
        const blocks = this.#text.split("\n\n");
        this.#text = blocks.pop() ?? "";
        for (const block of blocks) this.#hear(block);
      }
    } catch {
      // It was closed, by whichever side.
    }
    this.inbox.put("end", undefined);
  }

  #hear(block: string): void {
    let name: string | undefined;
    let data: string | undefined;
    for (const line of block.split("\n")) {
      const [, field = "", value = ""] = /^([a-z]*): (.*)$/.exec(line) ?? [];
      if (field === "") this.inbox.put("comment", value);
      if (field === "id") this.lastEventId = value;
      if (field === "event") name = value;
      if (field === "data") data = value;
    }
    if (data === undefined) return;
    const heard = JSON.parse(data) as { type?: string };
    this.inbox.put(name ?? heard.type ?? "message", heard);
  }
}
