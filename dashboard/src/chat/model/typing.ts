import type { Envelope, EventType } from "@signalbox/client";

/** Clients repeat the indicator every few seconds while the user is typing. */
const expiryMs = 6_000;

interface Typing {
  /** User ids. */
  readonly all: readonly string[];
  apply(event: Envelope): void;
  clear(): void;
}

/** Other users who are typing. */
export function createTyping(isMe: (userId: string) => boolean, changed: () => void): Typing {
  const timers = new Map<string, ReturnType<typeof setTimeout>>();

  function stop(userId: string): void {
    clearTimeout(timers.get(userId));
    if (timers.delete(userId)) changed();
  }

  return {
    get all() {
      return [...timers.keys()];
    },
    apply(event) {
      if (event.type !== "typing_indicator") {
        if (event.sender) stop(event.sender.userId);
        return;
      }
      const { userId, isTyping } = (event as Envelope<EventType.TypingIndicator>).data;
      stop(userId);
      if (!isTyping || isMe(userId)) return;
      timers.set(
        userId,
        setTimeout(() => stop(userId), expiryMs),
      );
      changed();
    },
    clear() {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
}
