import type { Dispatch } from "../../../shared/entities/dispatch.ts";
import type { Random } from "../../support/random.ts";
import { tokenOf } from "../../support/tokens.ts";
import { pause } from "../roamer.ts";

const terminal = new Set(["completed", "failed", "cancelled", "lost"]);

export interface Outcome {
  dispatch: Dispatch;
  /** When it was heard that it had ended, in milliseconds since 1970. */
  heardAt: number;
}

/** A backend that gives work and waits for its end, at whatever instance answers. */
export class Dispatcher {
  readonly #ports: readonly number[];
  readonly #random: Random;
  readonly #token = tokenOf("backend", ["service"], { exp: Math.floor(Date.now() / 1000) + 86_400 });

  constructor(ports: readonly number[], random: Random) {
    this.#ports = ports;
    this.#random = random;
  }

  /** Until it is taken on: the id makes it one dispatch, however often it is sent. */
  async give(body: { id: string }): Promise<void> {
    for (;;) {
      const answer = await this.#request("POST", "/api/dispatches", body, 5_000);
      if (answer?.status === 202) return;
      if (answer && answer.status < 500 && answer.status !== 429)
        throw new Error(`refused: ${JSON.stringify(answer.body)}`);
      await pause(200);
    }
  }

  /** Until it has ended. */
  async result(messageId: string): Promise<Outcome> {
    for (;;) {
      const answer = await this.#request("GET", `/api/dispatches/${messageId}?wait=20`, undefined, 25_000);
      const dispatch = answer?.body as Dispatch | undefined;
      if (answer?.status === 404) throw new Error(`${messageId} was taken on, and is gone`);
      if (answer?.status === 200 && dispatch && terminal.has(dispatch.status)) return { dispatch, heardAt: Date.now() };
      if (answer?.status !== 200) await pause(200);
    }
  }

  async cancel(messageId: string): Promise<void> {
    await this.#request("DELETE", `/api/dispatches/${messageId}`, undefined, 5_000);
  }

  async #request(method: string, path: string, body: object | undefined, timeoutMs: number) {
    try {
      const response = await fetch(`http://127.0.0.1:${this.#random.pick(this.#ports)}${path}`, {
        method,
        headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      return { status: response.status, body: (await response.json()) as unknown };
    } catch {
      return undefined;
    }
  }
}
