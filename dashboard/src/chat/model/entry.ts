import type { Envelope, EventType, Position } from "@signalbox/client";

export interface Link {
  url: string;
  name: string;
}

/** What stands in a conversation. */
export interface Entry {
  /** `gap`: what was before it, and after what stands above, is lost. */
  kind: "message" | "answer" | "gap";
  id: string;
  /** `null` for the system. */
  sender: { userId: string; name: string } | null;
  /** Milliseconds since 1970. */
  at: number;
  text: string;
  links: readonly Link[];
  position: Position | null;
  responseId: string | null;
  /** How an answer ended. */
  status: "complete" | "failed" | "cancelled";
}

/** An event as it comes live or in a page of history. */
export interface Told extends Pick<Envelope, "id" | "timestamp" | "sender"> {
  type: string;
  position?: Position | null | undefined;
  data: unknown;
}

type Data<Type extends EventType> = Envelope<Type>["data"];

/** The entry that an event is; `undefined` where it is none. */
export function entryOf(event: Told): Entry | undefined {
  const { id, timestamp, position } = event;
  const whole = {
    id,
    sender: senderOf(event),
    at: Date.parse(timestamp),
    position: position ?? null,
    responseId: null,
    status: "complete",
  } as const;
  switch (event.type) {
    case "chat_message": {
      const { message, attachments = [] } = event.data as Data<EventType.ChatMessage>;
      const links = attachments.map(({ url, name }) => ({ url, name: name ?? url }));
      return { ...whole, kind: "message", text: message, links };
    }
    case "chat_response": {
      const { message, responseId, status } = event.data as Data<EventType.ChatResponse>;
      return { ...whole, kind: "answer", text: message, links: [], responseId, status };
    }
    case "hlink_message": {
      const { payload } = event.data as Data<EventType.HlinkMessage>;
      const name = payload.alt_text ?? payload.url;
      const links = payload.url !== undefined && name !== undefined ? [{ url: payload.url, name }] : [];
      return { ...whole, kind: "message", text: payload.content ?? payload.alt_text ?? "", links };
    }
    default:
      return undefined;
  }
}

export function senderOf({ sender }: Told): Entry["sender"] {
  return sender && { userId: sender.userId, name: sender.name ?? sender.agentId ?? sender.userId };
}

export function gapEntry(reason: string, at: number): Entry {
  const nothing = { sender: null, links: [], position: null, responseId: null, status: "complete" } as const;
  return { ...nothing, kind: "gap", id: `gap-${at}`, at, text: reason };
}

/** Whether one position is behind another of the same log. */
export function isAfter(position: Position | null | undefined, other: Position | null | undefined): boolean {
  if (!position) return false;
  return !other || position.epoch !== other.epoch || position.offset > other.offset;
}
