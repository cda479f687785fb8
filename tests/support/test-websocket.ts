import { WebSocket } from "ws";
import type { Reply } from "../../shared/reply.ts";
import { Inbox } from "./inbox.ts";
import { within } from "./within.ts";

/** A plain WebSocket client, as anybody would write one. */
export class TestWebSocket {
  /** By the frame's type; events by their event type, and with their payload for data. */
  readonly inbox = new Inbox();
  readonly socket: WebSocket;
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly #replies = new Map<string, (reply: Reply<unknown>) => void>();
  #ids = 0;

  constructor(url: string, options: { headers?: Record<string, string> } = {}) {
    this.socket = new WebSocket(url, options);
    this.socket.on("error", (error) => this.inbox.put("error", error));
    this.socket.on("message", (data) => this.#receive(JSON.parse(String(data))));
    this.closed = new Promise((resolve) => {
      this.socket.on("close", (code, reason) => {
        this.inbox.put("close", code);
        resolve({ code, reason: String(reason) });
      });
    });
  }

  command(type: string, payload?: unknown): Promise<Reply<unknown>> {
    const id = `c${++this.#ids}`;
    const reply = new Promise<Reply<unknown>>((resolve) => this.#replies.set(id, resolve));
    this.socket.send(JSON.stringify({ type, id, payload }));
    return within(reply, `the reply to ${type}`);
  }

  async ok<T = unknown>(type: string, payload?: unknown): Promise<T> {
    const reply = await this.command(type, payload);
    if (!reply.ok) throw new Error(`${type} was refused: ${reply.error.code} ${reply.error.message}`);
    return reply.data as T;
  }

  close(): void {
    this.socket.close();
  }

  #receive(frame: { type: string; id?: string; payload: { eventType?: string } }): void {
    if (frame.type === "reply") {
      this.#replies.get(frame.id ?? "")?.(frame.payload as unknown as Reply<unknown>);
      this.inbox.put("reply", frame);
    } else if (frame.type === "event") {
      this.inbox.put(frame.payload.eventType ?? "", frame.payload);
    } else {
      this.inbox.put(frame.type, frame.payload);
    }
  }
}
