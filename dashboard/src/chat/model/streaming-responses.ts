import type { Envelope, EventType } from "@signalbox/client";
import { type Entry, senderOf } from "./entry.ts";

/** A response that is being streamed. */
export interface StreamingResponse {
  responseId: string;
  sender: Entry["sender"];
  at: number;
  text: string;
}

interface StreamingResponses {
  /** In the order in which they started. */
  readonly all: readonly StreamingResponse[];
  apply(event: Envelope): void;
  clear(): void;
}

/** Ended responses are remembered, so that late pieces do not start them again. */
const maxEnded = 200;

export function createStreamingResponses(): StreamingResponses {
  const streaming = new Map<string, StreamingResponse & { attempt: number }>();
  const ended = new Set<string>();

  return {
    get all() {
      return [...streaming.values()];
    },
    apply(event) {
      if (event.type === "chat_response") {
        const { responseId } = (event as Envelope<EventType.ChatResponse>).data;
        streaming.delete(responseId);
        ended.add(responseId);
        const [oldest] = ended;
        if (ended.size > maxEnded && oldest !== undefined) ended.delete(oldest);
      }
      if (event.type !== "chat_response_delta") return;
      const { responseId, delta, attempt = 0 } = (event as Envelope<EventType.ChatResponseDelta>).data;
      const known = streaming.get(responseId);
      if (ended.has(responseId) || (known && known.attempt > attempt)) return;
      // An earlier attempt will not be finished.
      const before = known?.attempt === attempt ? known.text : "";
      const at = known?.at ?? Date.parse(event.timestamp);
      streaming.set(responseId, { responseId, sender: senderOf(event), at, text: before + delta, attempt });
    },
    clear() {
      streaming.clear();
    },
  };
}
