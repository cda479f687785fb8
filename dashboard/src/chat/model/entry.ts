import type { Envelope, EventType, Position } from "@signalbox/client";

export interface Link {
  url: string;
  name: string;
}

/** An entry of a conversation. */
export interface Entry {
  /** `gap`: messages between the previous and the next entry were lost. */
  kind: "message" | "response" | "gap";
  id: string;
  /** `null` for the system. */
  sender: { userId: string; name: string } | null;
  /** Milliseconds since 1970. */
  at: number;
  text: string;
  links: readonly Link[];
  position: Position | null;
  responseId: string | null;
  /** How a response ended. */
  status: "complete" | "failed" | "cancelled";
}

/** A live event or an event of a history page. */
export interface EventLike extends Pick<Envelope, "id" | "timestamp" | "sender"> {
  type: string;
  position?: Position | null | undefined;
  data: unknown;
}

type Data<Type extends EventType> = Envelope<Type>["data"];

/** The entry for an event; `undefined` for other events. */
export function entryOf(event: EventLike): Entry | undefined {
  const { id, timestamp, position } = event;
  const common = {
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
      return { ...common, kind: "message", text: message, links };
    }
    case "chat_response": {
      const { message, responseId, status } = event.data as Data<EventType.ChatResponse>;
      return { ...common, kind: "response", text: message, links: [], responseId, status };
    }
    case "hlink_message": {
      const { payload } = event.data as Data<EventType.HlinkMessage>;
      const name = payload.alt_text ?? payload.url;
      const links = payload.url !== undefined && name !== undefined ? [{ url: payload.url, name }] : [];
      return { ...common, kind: "message", text: payload.content ?? payload.alt_text ?? "", links };
    }
    default:
      return undefined;
  }
}

export function senderOf({ sender }: EventLike): Entry["sender"] {
  return sender && { userId: sender.userId, name: sender.name ?? sender.agentId ?? sender.userId };
}

export function gapEntry(reason: string, at: number): Entry {
  const nothing = { sender: null, links: [], position: null, responseId: null, status: "complete" } as const;
  return { ...nothing, kind: "gap", id: `gap-${at}`, at, text: reason };
}

/** Whether a position is later than another of the same log, or of another epoch. */
export function isAfter(position: Position | null | undefined, other: Position | null | undefined): boolean {
  if (!position) return false;
  return !other || position.epoch !== other.epoch || position.offset > other.offset;
}
