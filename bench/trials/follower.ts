import { setTimeout as pause } from "node:timers/promises";
import { dialects, tokenOf } from "../load/dialects.ts";
import { RawClient } from "../load/raw-client.ts";

interface Position {
  epoch: string;
  offset: number;
}

interface JoinReply {
  ok: boolean;
  data: { position: Position; events: { position: Position }[]; joined: boolean; recovered?: boolean };
}

interface FollowerOptions {
  port: number;
  user: string;
  room: string;
  /** Called for each violation of a guarantee. */
  violated(what: string): void;
  /** Called for each live event. */
  received?(timestamp: string): void;
  /** Called when the server announces that it closes the connection. */
  notified?(notice: { reason: string; retryAfterMs?: number }): void;
}

const joinId = 1;

/** A client that follows a conversation, checks that each event follows the one before, and resumes from its position. */
export class Follower {
  readonly options: FollowerOptions;
  position: Position | undefined;
  /** The numbers of live events, and of events in replies after a reconnect. */
  live = 0;
  resumed = 0;
  onEnd: () => void = () => {};
  /** Whether it is connecting. */
  isConnecting = false;
  #client: RawClient | undefined;

  constructor(options: FollowerOptions) {
    this.options = options;
  }

  /** Connects and joins. Resolves when it has caught up and gets live events. Rejects if it is refused. */
  async open(): Promise<void> {
    const { port, user, room } = this.options;
    const client = await RawClient.open(port, dialects.signalbox, { token: tokenOf(user, ["user"]) });
    this.#client = client;
    client.readsAll = true;
    const joined = new Promise<void>((resolve, reject) => {
      client.onText = (text) => this.#read(text, resolve, reject);
      client.onClose = () => reject(new Error("closed"));
      const after = this.position;
      const place = after ? { after, limit: 1_000 } : { limit: 1 };
      void client.request("join_room", { room: `conversation:${room}`, ...place });
    });
    try {
      await joined;
    } catch (error) {
      client.close();
      throw error;
    }
    client.onClose = () => this.onEnd();
  }

  close(): void {
    const client = this.#client;
    if (!client) return;
    client.onClose = () => {};
    client.close();
  }

  /** Opens, retrying with back-off as clients do. `refused` is called with the reason of each failure. */
  async openWithRetries(refused: (why: string) => void = () => {}): Promise<void> {
    this.isConnecting = true;
    try {
      for (let attempt = 0; ; attempt++) {
        try {
          return await this.open();
        } catch (error) {
          refused(error instanceof Error ? (error.message.split("\r\n")[0] ?? "") : String(error));
          if (attempt === 30) throw error;
          await pause(Math.min(5_000, 100 * 2 ** attempt) * (0.5 + Math.random()));
        }
      }
    } finally {
      this.isConnecting = false;
    }
  }

  #read(text: string, joined: () => void, refused: (error: Error) => void): void {
    if (text.startsWith(`43/chat,${joinId}[`)) {
      const [reply]: [JoinReply] = JSON.parse(text.slice(text.indexOf("[")));
      if (!reply.ok) return refused(new Error(text.slice(0, 200)));
      this.#resume(reply.data);
      return joined();
    }
    // Presence events are not parsed: they are sent to everyone in the room, and would be most of the work.
    if (!text.startsWith('42/chat,["chat_message"') && !text.startsWith('42/chat,["system.')) return;
    const [name, data] = JSON.parse(text.slice("42/chat,".length));
    if (name === "chat_message") {
      this.#take(data.position);
      this.live++;
      this.options.received?.(data.timestamp);
    } else if (name === "system.connection.close") {
      this.options.notified?.(data);
      // As every library does when the WebSocket closes, which follows at once.
      this.#client?.close();
    } else if (name === "system.room.reset") {
      this.options.violated(`${this.options.user} was notified of lost history`);
    }
  }

  #resume({ position, events, joined, recovered }: JoinReply["data"]): void {
    const { user, violated } = this.options;
    if (this.position) {
      if (recovered !== true) violated(`${user} did not get the events that it missed`);
      for (const event of events) this.#take(event.position);
      this.resumed += events.length;
      if (this.position.offset !== position.offset) violated(`${user} is not at the position in the reply`);
    }
    if (!joined) violated(`${user} missed more than a page`);
    this.position = position;
  }

  #take({ epoch, offset }: Position): void {
    const { user, violated } = this.options;
    const before = this.position;
    if (before && (epoch !== before.epoch || offset !== before.offset + 1)) {
      violated(`${user} got ${offset} after ${before.offset}`);
    }
    this.position = { epoch, offset };
  }
}
