import type { EventsAnswer } from "../../shared/http/events.ts";
import type { Position } from "../../shared/position.ts";
import type { ReplyError } from "../../shared/reply.ts";
import { retryAfterOf } from "../connection/connection-machine.ts";
import type { Environment } from "../connection/environment.ts";
import type { HttpAnswer, HttpRequests } from "./http-requests.ts";

/** What is polled for: a room of `/chat`, or topics of `/monitoring`. */
export interface Polled {
  topics: string;
  types?: string | undefined;
}

export interface PollListener {
  page(polled: Polled, answer: EventsAnswer): void;
  /** This one is not to be polled any more. */
  refused(polled: Polled, error: ReplyError): void;
  /** The server is not there, or does not know us any more. */
  lost(error: ReplyError | undefined): void;
}

/** Long polls, one for each room and subscription that is followed. */
export interface HttpPolls {
  start(key: string, polled: Polled, after: Position): void;
  stop(key: string): void;
  close(): void;
}

/** Browsers open six connections to a host, and one or two must be left for what is sent. */
const atOnce = 4;
/** Well below the minute after which many a proxy cuts an answer that does not come. */
const waitSeconds = { alone: 25, inTurn: 2 };
const pageLimit = "1000";

export function createHttpPolls(requests: HttpRequests, environment: Environment, listener: PollListener): HttpPolls {
  const running = new Map<string, AbortController>();
  const queue: (() => void)[] = [];
  let underWay = 0;

  async function inTurn(action: () => Promise<HttpAnswer>): Promise<HttpAnswer> {
    if (underWay >= atOnce) await new Promise<void>((resolve) => queue.push(resolve));
    underWay += 1;
    try {
      return await action();
    } finally {
      underWay -= 1;
      queue.shift()?.();
    }
  }

  async function run(polled: Polled, begin: Position, { signal }: AbortController): Promise<void> {
    for (let after = begin; !signal.aborted; ) {
      const wait = String(running.size > atOnce ? waitSeconds.inTurn : waitSeconds.alone);
      const query = { ...polled, after: `${after.epoch}:${after.offset}`, limit: pageLimit, wait };
      const answer = await inTurn(() => requests.get("/api/events", query, signal));
      if (signal.aborted) return;
      if (answer.kind === "unreachable") return listener.lost(undefined);
      if (answer.kind === "ok") {
        const page = answer.body as EventsAnswer;
        after = page.position;
        listener.page(polled, page);
      } else if (answer.error.code === "rate_limited") {
        const delayMs = retryAfterOf(answer.error) ?? 1_000;
        await new Promise<void>((resolve) => void environment.after(delayMs, resolve));
      } else if (answer.error.retryable || ["unauthenticated", "token_expired"].includes(answer.error.code)) {
        return listener.lost(answer.error);
      } else {
        return listener.refused(polled, answer.error);
      }
    }
  }

  function stop(key: string): void {
    running.get(key)?.abort();
    running.delete(key);
  }

  return {
    start(key, polled, after) {
      stop(key);
      const controller = new AbortController();
      running.set(key, controller);
      void run(polled, after, controller);
    },
    stop,
    close() {
      for (const key of [...running.keys()]) stop(key);
    },
  };
}
