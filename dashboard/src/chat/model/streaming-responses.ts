import type { Envelope, EventType } from "@signalbox/client";
import { type Entry, senderOf } from "./entry.ts";

/** An answer that is being written. */
export interface Answer {
  responseId: string;
  sender: Entry["sender"];
  at: number;
  text: string;
}

export interface StreamingResponses {
  /** Those that are being written, in the order in which they began. */
  readonly writing: readonly Answer[];
  take(event: Envelope): void;
  clear(): void;
}

/** So many ends are remembered: pieces that come behind an end begin no new answer. */
const rememberedEnds = 200;

export function createStreamingResponses(): StreamingResponses {
  const writing = new Map<string, Answer & { attempt: number }>();
  const ended = new Set<string>();

  return {
    get writing() {
      return [...writing.values()];
    },
    take(event) {
      if (event.type === "chat_response") {
        const { responseId } = (event as Envelope<EventType.ChatResponse>).data;
        writing.delete(responseId);
        ended.add(responseId);
        const [oldest] = ended;
        if (ended.size > rememberedEnds && oldest !== undefined) ended.delete(oldest);
      }
      if (event.type !== "chat_response_delta") return;
      const { responseId, delta, attempt = 0 } = (event as Envelope<EventType.ChatResponseDelta>).data;
      const known = writing.get(responseId);
      if (ended.has(responseId) || (known && known.attempt > attempt)) return;
      // What an attempt before this one wrote is not going to be finished.
      const before = known?.attempt === attempt ? known.text : "";
      const at = known?.at ?? Date.parse(event.timestamp);
      writing.set(responseId, { responseId, sender: senderOf(event), at, text: before + delta, attempt });
    },
    clear() {
      writing.clear();
    },
  };
}
