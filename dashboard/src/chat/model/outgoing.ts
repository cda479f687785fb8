import type { Conversation, MessageInput } from "@signalbox/client";
import { SignalboxError } from "@signalbox/client";

/** A message that has been sent but has not come back in the log yet. */
export interface Outgoing {
  id: string;
  input: MessageInput;
  state: "sending" | "sent" | "failed";
  /** Why sending failed. */
  error: string;
}

interface Outbox {
  readonly all: readonly Outgoing[];
  post(input: MessageInput): void;
  /** Sends again under the same id, so that the message cannot appear twice. */
  retry(id: string): void;
  discard(id: string): void;
  /** The message has come back in the log. */
  arrived(id: string): void;
}

/** Shows outgoing messages at once, with their real state. */
export function createOutbox(conversation: Conversation, changed: () => void): Outbox {
  const messages = new Map<string, Outgoing>();

  function set(message: Outgoing): void {
    // The message may have come back in the log before the reply.
    if (message.state !== "sending" && !messages.has(message.id)) return;
    messages.set(message.id, message);
    changed();
  }

  function send(message: Outgoing): void {
    set({ ...message, state: "sending", error: "" });
    conversation.send({ ...message.input, id: message.id }).then(
      () => set({ ...message, state: "sent", error: "" }),
      (error: unknown) => set({ ...message, state: "failed", error: errorTextOf(error) }),
    );
  }

  function forget(id: string): void {
    if (messages.delete(id)) changed();
  }

  return {
    get all() {
      return [...messages.values()];
    },
    post: (input) => send({ id: newId(), input, state: "sending", error: "" }),
    retry(id) {
      const message = messages.get(id);
      if (message) send(message);
    },
    discard: forget,
    arrived: forget,
  };
}

function errorTextOf(error: unknown): string {
  if (!(error instanceof SignalboxError)) return String(error);
  return error.outcome === "unknown" ? "It may or may not have arrived." : error.message;
}

/** `crypto.randomUUID` exists only over HTTPS and on localhost. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
