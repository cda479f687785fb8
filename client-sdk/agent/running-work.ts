import type { DispatchMessage } from "../../shared/agent-messages.ts";
import type { CommandInput } from "../../shared/commands/catalogue.ts";
import type { JsonObject } from "../../shared/json.ts";
import type { Cancel, Environment } from "../connection/environment.ts";

/** A dispatch given to an agent. `context`, `sessionId` and `taskId` are passed on from its creator unchanged. */
export type Work = DispatchMessage;

/** Progress of a dispatch. */
export interface Progress {
  text?: string;
  /** 0 to 100. */
  percent?: number;
  metadata?: JsonObject;
}

/** What a running dispatch can report, and the signal that stops it. */
export interface WorkTools {
  /** Reports progress. `status` is the agent's own word for its current step. */
  progress(status: string, progress?: Progress): void;
  /** Streams a piece of the response. Pieces in quick succession are sent together. */
  delta(text: string): void;
  /** Reports that a tool was used. */
  tool(name: string, use: { ok: boolean; durationMs?: number; details?: JsonObject }): void;
  /** Aborted when the dispatch is cancelled, reassigned to another agent, or past its deadline. */
  signal: AbortSignal;
}

/** A string is the content of the response. Without content, the streamed pieces are. */
export type WorkResult = string | { content?: string; usage?: JsonObject } | undefined;

/** Carries out a dispatch. An error that it throws fails the dispatch. */
export type OnDispatch = (work: Work, tools: WorkTools) => WorkResult | Promise<WorkResult> | Promise<void>;

/** How a running dispatch reaches its agent. */
export interface WorkPorts {
  environment: Environment;
  /** Resolves with true when the dispatch has been cancelled. */
  sendProgress(progress: CommandInput<"/agents", "progress">): Promise<boolean>;
  sendResponse(response: CommandInput<"/agents", "response">): Promise<void>;
  toolUsed(name: string, use: Parameters<WorkTools["tool"]>[1]): void;
}

/** Pieces are merged for this long; the server delivers at most 25 per second to readers. */
const rollUpMs = 40;
const maxDeltaLength = 16_384;
/** Limits in characters, and in bytes of the whole JSON payload. A larger message would end the connection. */
const maxContentLength = 1_048_576;
const maxOutcomeBytes = 1_060_000;

const fits = (outcome: { content?: string | undefined }) =>
  (outcome.content?.length ?? 0) <= maxContentLength &&
  new TextEncoder().encode(JSON.stringify(outcome)).length <= maxOutcomeBytes;

/** One dispatch, from acceptance to response. */
export class RunningWork {
  readonly work: Work;
  readonly #ports: WorkPorts;
  readonly #abort = new AbortController();
  #text = "";
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

  /** Aborts the work: its result is not wanted any more. */
  abort(reason: string): void {
    this.#stopDeadline();
    if (!this.#isDone) this.#abort.abort(new Error(reason));
  }

  /** Resolves when the server has the response or does not want one. Never rejects. */
  async run(onDispatch: OnDispatch): Promise<void> {
    const { environment, toolUsed } = this.#ports;
    const { signal } = this.#abort;
    const leftMs = Date.parse(this.work.deadline) - environment.now();
    this.#stopDeadline = environment.after(Math.max(0, leftMs), () => this.abort("The deadline has passed."));
    const tools: WorkTools = {
      signal,
      tool: toolUsed,
      progress: (status, { text, percent, metadata } = {}) => {
        this.#flush();
        this.#report({
          status,
          ...(text === undefined ? {} : { progressText: text }),
          ...(percent === undefined ? {} : { percent }),
          ...(metadata === undefined ? {} : { metadata }),
        });
      },
      delta: (text) => {
        this.#text += text;
        this.#pending += text;
        this.#stopRollUp ??= environment.after(rollUpMs, () => this.#flush());
      },
    };
    const outcome = await this.#outcome(onDispatch, tools);
    this.#isDone = true;
    this.#stopDeadline();
    this.#flush();
    // The server does not accept a response to an aborted attempt.
    if (signal.aborted) return;
    await this.#ports.sendResponse({ ...this.attempt, ...outcome }).catch(() => {});
  }

  async #outcome(onDispatch: OnDispatch, tools: WorkTools) {
    try {
      const result = (await onDispatch(this.work, tools)) ?? {};
      const outcome = { content: this.#text, ...(typeof result === "string" ? { content: result } : result) };
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
    for (let from = 0; from < text.length; from += maxDeltaLength) {
      this.#report({ status: "writing", delta: text.slice(from, from + maxDeltaLength) });
    }
  }

  #report(progress: Omit<CommandInput<"/agents", "progress">, "messageId" | "attempt">): void {
    if (this.#abort.signal.aborted) return;
    this.#ports.sendProgress({ ...this.attempt, ...progress }).then(
      (isCancelled) => {
        if (isCancelled) this.abort("The work was cancelled.");
      },
      // Readers get the whole text with the response; lost progress is outdated by then.
      () => {},
    );
  }
}
