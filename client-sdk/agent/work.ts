import type { DispatchMessage } from "../../shared/agent-messages.ts";
import type { CommandInput } from "../../shared/commands/catalogue.ts";
import type { JsonObject } from "../../shared/json.ts";
import type { Cancel, Environment } from "../connection/environment.ts";

/** What an agent is asked to do. `context`, `sessionId` and `taskId` are as the one who asked gave them. */
export type Work = DispatchMessage;

/** How far it is. */
export interface Progress {
  text?: string;
  /** 0 to 100. */
  percent?: number;
  metadata?: JsonObject;
}

/** What work in hand can tell, and be told. */
export interface WorkTools {
  /** The agent's own word for what it is doing. */
  progress(status: string, progress?: Progress): void;
  /** The next piece of the answer. Pieces that follow closely on each other travel together. */
  delta(text: string): void;
  /** Tells that a tool was used. */
  tool(name: string, use: { ok: boolean; durationMs?: number; details?: JsonObject }): void;
  /** Aborted when the work is not wanted any more: cancelled, given to another agent, or over its deadline. */
  signal: AbortSignal;
}

/** A text is the content of the answer; without one it is the pieces that were given. */
export type WorkResult = string | { content?: string; usage?: JsonObject } | undefined;

/** Does what is asked for. What it throws is the failure of the dispatch. */
export type OnDispatch = (work: Work, tools: WorkTools) => WorkResult | Promise<WorkResult> | Promise<void>;

/** What the work needs of its agent. */
export interface WorkPorts {
  environment: Environment;
  /** Resolves with whether the work is to be dropped. */
  sendProgress(progress: CommandInput<"/agents", "progress">): Promise<boolean>;
  sendResponse(response: CommandInput<"/agents", "response">): Promise<void>;
  toolUsed(name: string, use: Parameters<WorkTools["tool"]>[1]): void;
}

/** Pieces are rolled up for so long; the server tells readers of 25 a second at most. */
const rollUpMs = 40;
const longestDelta = 16_384;
/** In characters, and in bytes of JSON with what is around it. A message with more would end the connection that brings it. */
const longestContent = 1_048_576;
const largestOutcome = 1_060_000;

const fits = (outcome: { content?: string | undefined }) =>
  (outcome.content?.length ?? 0) <= longestContent &&
  new TextEncoder().encode(JSON.stringify(outcome)).length <= largestOutcome;

/** One dispatch, from its acceptance to its answer. */
export class RunningWork {
  readonly work: Work;
  readonly #ports: WorkPorts;
  readonly #abort = new AbortController();
  #written = "";
  #pending = "";
  #stopRollUp: Cancel | undefined;
  #stopDeadline: Cancel = () => {};
  #isDone = false;

  constructor(work: Work, ports: WorkPorts) {
    this.work = work;
    this.#ports = ports;
  }

  get attempt() {
    const { messageId, attempt } = this.work;
    return { messageId, attempt };
  }

  /** It is not wanted any more. */
  drop(reason: string): void {
    this.#stopDeadline();
    if (!this.#isDone) this.#abort.abort(new Error(reason));
  }

  /** Resolves when the server has the answer, or does not want one. Never rejects. */
  async run(onDispatch: OnDispatch): Promise<void> {
    const { environment, toolUsed } = this.#ports;
    const { signal } = this.#abort;
    const leftMs = Date.parse(this.work.deadline) - environment.now();
    this.#stopDeadline = environment.after(Math.max(0, leftMs), () => this.drop("The deadline is over."));
    const tools: WorkTools = {
      signal,
      tool: toolUsed,
      progress: (status, { text, percent, metadata } = {}) => {
        this.#flush();
        this.#tell({
          status,
          ...(text === undefined ? {} : { progressText: text }),
          ...(percent === undefined ? {} : { percent }),
          ...(metadata === undefined ? {} : { metadata }),
        });
      },
      delta: (text) => {
        this.#written += text;
        this.#pending += text;
        this.#stopRollUp ??= environment.after(rollUpMs, () => this.#flush());
      },
    };
    const outcome = await this.#outcome(onDispatch, tools);
    this.#isDone = true;
    this.#stopDeadline();
    this.#flush();
    // Nobody waits for it any more, and the server would not accept it.
    if (signal.aborted) return;
    await this.#ports.sendResponse({ ...this.attempt, ...outcome }).catch(() => {});
  }

  async #outcome(onDispatch: OnDispatch, tools: WorkTools) {
    try {
      const result = (await onDispatch(this.work, tools)) ?? {};
      const outcome = { content: this.#written, ...(typeof result === "string" ? { content: result } : result) };
      if (!fits(outcome)) throw new Error("The result is larger than 1 MiB.");
      return outcome;
    } catch (error) {
      return { error: String(error instanceof Error ? error.message : error).slice(0, 4_096) || "failed" };
    }
  }

  #flush(): void {
    this.#stopRollUp?.();
    this.#stopRollUp = undefined;
    const text = this.#pending;
    this.#pending = "";
    for (let from = 0; from < text.length; from += longestDelta) {
      this.#tell({ status: "writing", delta: text.slice(from, from + longestDelta) });
    }
  }

  #tell(progress: Omit<CommandInput<"/agents", "progress">, "messageId" | "attempt">): void {
    if (this.#abort.signal.aborted) return;
    this.#ports.sendProgress({ ...this.attempt, ...progress }).then(
      (isCancelled) => {
        if (isCancelled) this.drop("The work was cancelled.");
      },
      // What was written reaches the reader with the answer; what was done is over.
      () => {},
    );
  }
}
