import { afterEach } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import type { Position } from "../../shared/position.ts";
import { tokenOf } from "../support/tokens.ts";
import { conversationId, room } from "./cluster.ts";

const opened: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.stop();
});

const post = (url: string, body: object) =>
  fetch(url, {
    method: "POST",
    headers: { authorization: `Bearer ${tokenOf("backend", ["service"])}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });

const offsetOf = ({ position }: { position?: Position }) => position?.offset ?? -1;

/** A message that was answered with its place in the log. */
export interface Accepted {
  offset: number;
  message: string;
}

/** A backend that says one thing after the other, each until it is accepted, for as long as it is not told to stop. */
export class Backend {
  readonly accepted: Accepted[] = [];
  readonly #running: Promise<void>;
  #isStopping = false;

  constructor(url: string) {
    this.#running = this.#run(`${url}/api/conversations/${conversationId}/messages`);
    opened.push(this);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#running;
  }

  async #run(url: string): Promise<void> {
    for (let i = 0; !this.#isStopping; ) {
      const message = `message ${i}`;
      // What a request has come to that broke off nobody knows: it is made again, with the same id.
      const response = await post(url, { id: `m${i}`, message }).catch(() => undefined);
      const published = response?.ok && ((await response.json().catch(() => undefined)) as { position: Position });
      if (!published) continue;
      this.accepted.push({ offset: offsetOf(published), message });
      i++;
    }
  }
}

const everyMs = 50;

/** A backend that publishes 20 messages a second, without waiting for answers, and repeats none of them. */
export class SteadyBackend {
  readonly accepted: Accepted[] = [];
  /** Every answer but 201. */
  readonly failures: string[] = [];
  readonly #url: string;
  readonly #timer: NodeJS.Timeout;
  readonly #underWay: Promise<void>[] = [];

  constructor(url: string) {
    this.#url = `${url}/api/events`;
    this.#timer = setInterval(() => this.#underWay.push(this.#publish(`steady ${this.#underWay.length}`)), everyMs);
    opened.push(this);
  }

  /** Resolves when every request is answered. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#underWay);
  }

  async #publish(message: string): Promise<void> {
    try {
      const response = await post(this.#url, { room, type: EventType.ChatMessage, data: { message } });
      const body = await response.text();
      if (response.status !== 201) return void this.failures.push(`${message}: ${response.status} ${body}`);
      const [published] = JSON.parse(body) as { position?: Position }[];
      this.accepted.push({ offset: offsetOf(published ?? {}), message });
    } catch (error) {
      this.failures.push(`${message}: ${error} ${(error as Error).cause}`);
    }
  }
}
