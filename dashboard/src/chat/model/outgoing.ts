import type { Conversation, MessageInput } from "@signalbox/client";
import { SignalboxError } from "@signalbox/client";

/** What somebody has written and what is not in its place yet. */
export interface Outgoing {
  id: string;
  input: MessageInput;
  state: "sending" | "sent" | "failed";
  /** Of what has failed. */
  problem: string;
}

export interface Outbox {
  readonly all: readonly Outgoing[];
  post(input: MessageInput): void;
  /** Under the same id, so that it is there once even if it did arrive the first time. */
  retry(id: string): void;
  discard(id: string): void;
  /** It has come back in its place. */
  arrived(id: string): void;
}

/** Shows at once what is sent, and truly what becomes of it. */
export function createOutbox(conversation: Conversation, changed: () => void): Outbox {
  const messages = new Map<string, Outgoing>();

  function set(message: Outgoing): void {
    // What has come back meanwhile needs no state any more.
    if (message.state !== "sending" && !messages.has(message.id)) return;
    messages.set(message.id, message);
    changed();
  }

  function send(message: Outgoing): void {
    set({ ...message, state: "sending", problem: "" });
    conversation.send({ ...message.input, id: message.id }).then(
      () => set({ ...message, state: "sent", problem: "" }),
      (error: unknown) => set({ ...message, state: "failed", problem: problemOf(error) }),
    );
  }

  function forget(id: string): void {
    if (messages.delete(id)) changed();
  }

  return {
    get all() {
      return [...messages.values()];
    },
    post: (input) => send({ id: newId(), input, state: "sending", problem: "" }),
    retry(id) {
      const message = messages.get(id);
      if (message) send(message);
    },
    discard: forget,
    arrived: forget,
  };
}

function problemOf(error: unknown): string {
  if (!(error instanceof SignalboxError)) return String(error);
  return error.outcome === "unknown" ? "It is not known whether this has arrived." : error.message;
}

/** Not `randomUUID`, which a page has over HTTPS and on localhost only. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
