import type { Envelope, EventType } from "@signalbox/client";

/** Somebody who types says so again every few seconds; who does not is taken to have stopped. */
const shownMs = 6_000;

export interface Typing {
  /** User ids. */
  readonly all: readonly string[];
  take(event: Envelope): void;
  clear(): void;
}

/** Who is typing, other than oneself. */
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
    take(event) {
      if (event.type !== "typing_indicator") {
        if (event.sender) stop(event.sender.userId);
        return;
      }
      const { userId, isTyping } = (event as Envelope<EventType.TypingIndicator>).data;
      stop(userId);
      if (!isTyping || isMe(userId)) return;
      timers.set(
        userId,
        setTimeout(() => stop(userId), shownMs),
      );
      changed();
    },
    clear() {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
}
