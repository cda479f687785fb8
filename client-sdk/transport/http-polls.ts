import type { EventsAnswer } from "../../shared/http/events.ts";
import type { Position } from "../../shared/position.ts";
import type { ReplyError } from "../../shared/reply.ts";
import { retryAfterOf } from "../connection/connection-machine.ts";
import type { Environment } from "../connection/environment.ts";
import type { HttpAnswer, HttpRequests } from "./http-requests.ts";

/** A room of `/chat`, or topics of `/monitoring`. */
export interface PollTarget {
  topics: string;
  types?: string | undefined;
}

interface PollListener {
  page(target: PollTarget, answer: EventsAnswer): void;
  /** The server refuses this target; polling it has stopped. */
  refused(target: PollTarget, error: ReplyError): void;
  /** The server cannot be reached, or the token is not valid any more. */
  lost(error: ReplyError | undefined): void;
}

/** Long polls, one for each followed room and subscription. */
interface HttpPolls {
  start(key: string, target: PollTarget, after: Position): void;
  stop(key: string): void;
  close(): void;
}

/** Browsers open at most six HTTP/1.1 connections to a host; the others are left for commands and for the page. */
const maxConcurrent = 4;
/** Below the minute after which many proxies end an idle request; short when targets have to share connections. */
const waitSeconds = { dedicated: 25, shared: 2 };
const pageLimit = "1000";

export function createHttpPolls(requests: HttpRequests, environment: Environment, listener: PollListener): HttpPolls {
  const running = new Map<string, AbortController>();
  const queue: (() => void)[] = [];
  let inFlight = 0;

  async function limited(action: () => Promise<HttpAnswer>): Promise<HttpAnswer> {
    if (inFlight >= maxConcurrent) await new Promise<void>((resolve) => queue.push(resolve));
    inFlight += 1;
    try {
      return await action();
    } finally {
      inFlight -= 1;
      queue.shift()?.();
    }
  }

  async function run(target: PollTarget, start: Position, { signal }: AbortController): Promise<void> {
    for (let after = start; !signal.aborted; ) {
      const wait = String(running.size > maxConcurrent ? waitSeconds.shared : waitSeconds.dedicated);
      const query = { ...target, after: `${after.epoch}:${after.offset}`, limit: pageLimit, wait };
      const answer = await limited(() => requests.get("/api/events", query, signal));
      if (signal.aborted) return;
      if (answer.kind === "unreachable") return listener.lost(undefined);
      if (answer.kind === "ok") {
        const page = answer.body as EventsAnswer;
        after = page.position;
        listener.page(target, page);
      } else if (answer.error.code === "rate_limited") {
        const delayMs = retryAfterOf(answer.error) ?? 1_000;
        await new Promise<void>((resolve) => void environment.after(delayMs, resolve));
      } else if (answer.error.retryable || ["unauthenticated", "token_expired"].includes(answer.error.code)) {
        return listener.lost(answer.error);
      } else {
        return listener.refused(target, answer.error);
      }
    }
  }

  function stop(key: string): void {
    running.get(key)?.abort();
    running.delete(key);
  }

  return {
    start(key, target, after) {
      stop(key);
      const controller = new AbortController();
      running.set(key, controller);
      void run(target, after, controller);
    },
    stop,
    close() {
      for (const key of [...running.keys()]) stop(key);
    },
  };
}
