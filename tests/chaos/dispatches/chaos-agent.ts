import { io, type Socket } from "socket.io-client";
import type { DispatchMessage } from "../../../shared/agent-messages.ts";
import type { CommandData } from "../../../shared/commands/catalogue.ts";
import type { Reply } from "../../../shared/reply.ts";
import type { Random } from "../../support/random.ts";
import { tokenOf } from "../../support/tokens.ts";
import { pause } from "../roamer.ts";

interface ChaosAgentOptions {
  agentId: string;
  capabilities: string[];
  ports: readonly number[];
  random: Random;
  heartbeatMs: number;
  /** The server has said that it took a response. */
  accepted(messageId: string, content: string): void;
}

interface Work {
  message: DispatchMessage;
  stopped: boolean;
}

/** An agent that works, and to which everything happens that happens to agents. */
export class ChaosAgent {
  readonly #options: ChaosAgentOptions;
  #working = new Map<string, Work>();
  #socket: Socket | undefined;
  #isVanished = false;
  #isClosed = false;

  constructor(options: ChaosAgentOptions) {
    this.#options = options;
    this.#connect();
    void this.#beat();
  }

  /** As by `kill -9`: what it had in mind is gone. It comes back elsewhere, knowing nothing. */
  async kill(downMs: number): Promise<void> {
    for (const work of this.#working.values()) work.stopped = true;
    this.#working = new Map();
    this.#cutOff();
    await pause(downMs);
    this.#connect();
  }

  /** Its network breaks; it works on, and comes back elsewhere. */
  async cut(downMs: number): Promise<void> {
    this.#cutOff();
    await pause(downMs);
    this.#connect();
  }

  /** It hangs, and its connection stays. */
  async vanish(ms: number): Promise<void> {
    this.#isVanished = true;
    await pause(ms);
    this.#isVanished = false;
  }

  close(): void {
    this.#isClosed = true;
    for (const work of this.#working.values()) work.stopped = true;
    this.#socket?.disconnect();
  }

  #cutOff(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    // Without a word to the server: it sees a connection that ends.
    socket?.io.engine?.close();
    socket?.removeAllListeners();
    socket?.io.reconnection(false);
    socket?.disconnect();
  }

  #connect(): void {
    if (this.#isClosed) return;
    const { agentId, ports, random } = this.#options;
    const token = tokenOf(`user-of-${agentId}`, ["agent"]);
    const options = { auth: { token }, transports: ["websocket"], forceNew: true, reconnection: false };
    const socket = io(`http://127.0.0.1:${random.pick(ports)}/agents`, options);
    this.#socket = socket;
    const again = () => {
      if (this.#socket !== socket || this.#isClosed) return;
      setTimeout(() => this.#socket === socket && this.#connect(), 200 + random.between(0, 300));
    };
    socket.on("connect", () => void this.#register(socket, again));
    socket.on("connect_error", again);
    socket.on("disconnect", again);
    socket.on("cancel", ({ messageId }: { messageId: string }) => this.#stop(messageId));
    socket.on("dispatch", (message: DispatchMessage, acknowledge: (answer: object) => void) => {
      if (this.#isVanished) return;
      const chance = random.next();
      if (chance < 0.02) return;
      acknowledge({ accepted: chance > 0.04 });
      if (chance <= 0.04) return;
      const known = this.#working.get(message.messageId);
      if (known?.message.attempt === message.attempt) return;
      this.#stop(message.messageId);
      const work = { message, stopped: false };
      this.#working.set(message.messageId, work);
      void this.#work(work);
    });
  }

  async #register(socket: Socket, failed: () => void): Promise<void> {
    const { agentId, capabilities } = this.#options;
    const payload = { agentId, capabilities, concurrency: 4, inFlight: this.#inFlight() };
    const reply = await this.#ask<CommandData<"/agents", "register">>("register", payload);
    if (this.#socket !== socket) return;
    if (reply?.ok) for (const messageId of reply.data.cancel) this.#stop(messageId);
    else {
      socket.disconnect();
      failed();
    }
  }

  #inFlight() {
    return [...this.#working.values()].map(({ message: { messageId, attempt } }) => ({ messageId, attempt }));
  }

  async #beat(): Promise<void> {
    while (!this.#isClosed) {
      await pause(this.#options.heartbeatMs);
      if (this.#isVanished) continue;
      const payload = { agentId: this.#options.agentId, dispatches: this.#inFlight() };
      const reply = await this.#ask<CommandData<"/agents", "heartbeat">>("heartbeat", payload);
      if (reply?.ok) for (const messageId of reply.data.cancel) this.#stop(messageId);
    }
  }

  async #work(work: Work): Promise<void> {
    const { random, accepted, agentId } = this.#options;
    const { messageId, attempt } = work.message;
    const steps = random.between(0, 4);
    for (let step = 1; step <= steps && !work.stopped; step++) {
      await pause(random.between(5, 300));
      const delta = `${agentId}.${attempt}.${step} `;
      const reply = await this.#insist<{ cancel: boolean }>(work, "progress", {
        messageId,
        attempt,
        status: "working",
        delta,
      });
      if (reply?.ok && reply.data.cancel) work.stopped = true;
    }
    const content = `${agentId} at attempt ${attempt}`;
    const outcome = random.chance(0.05) ? { error: "out of ideas" } : { content };
    const reply = await this.#insist<{ accepted: boolean }>(work, "response", { messageId, attempt, ...outcome });
    if (reply?.ok && reply.data.accepted) accepted(messageId, content);
    if (this.#working.get(messageId) === work) this.#working.delete(messageId);
  }

  /** Until it is answered for good, over whatever connection there is. */
  async #insist<T>(work: Work, name: string, payload: object): Promise<Reply<T> | undefined> {
    while (!work.stopped && !this.#isClosed) {
      if (!this.#isVanished) {
        const reply = await this.#ask<T>(name, payload);
        if (reply?.ok || (reply && !reply.error.retryable && reply.error.code !== "conflict")) return reply;
      }
      await pause(100);
    }
    return undefined;
  }

  async #ask<T>(name: string, payload: object): Promise<Reply<T> | undefined> {
    const socket = this.#socket;
    if (!socket?.connected) return undefined;
    try {
      return await socket.timeout(3_000).emitWithAck(name, payload);
    } catch {
      return undefined;
    }
  }

  #stop(messageId: string): void {
    const work = this.#working.get(messageId);
    if (work) work.stopped = true;
    this.#working.delete(messageId);
  }
}
