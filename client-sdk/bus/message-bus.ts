import type { Cancel } from "../connection/environment.ts";

/** Something with a type: an event's envelope, or what an application makes with `createMessage`. */
export interface BusMessage {
  type: string;
}

/** Hands messages to those who asked for their type. */
export interface MessageBus<M extends BusMessage = BusMessage> {
  /** `pattern` is a type, or the beginning of types with a star: `task.*`, `data.widget.*`, `*`. */
  subscribe(pattern: string, handler: (message: M) => void): Cancel;
  /** For the next message that matches, and no other. */
  subscribeOnce(pattern: string, handler: (message: M) => void): Cancel;
  /** In the order in which they subscribed. One that throws does not keep it from the others. */
  publish(message: M): void;
}

interface Subscription<M> {
  pattern: string;
  handler: (message: M) => void;
}

/** `failed` is told of what a handler throws. Default: it is thrown where nobody catches it, so that it is seen. */
export function createMessageBus<M extends BusMessage = BusMessage>(
  failed: (error: unknown) => void = throwLater,
): MessageBus<M> {
  const subscriptions = new Set<Subscription<M>>();

  function subscribe(pattern: string, handler: (message: M) => void): Cancel {
    if (pattern === "" || pattern.slice(0, -1).includes("*")) {
      throw new TypeError(`"${pattern}" is no pattern: the star stands at the end, as in task.*`);
    }
    const subscription = { pattern, handler };
    subscriptions.add(subscription);
    return () => void subscriptions.delete(subscription);
  }

  return {
    subscribe,
    subscribeOnce(pattern, handler) {
      const cancel = subscribe(pattern, (message) => {
        cancel();
        handler(message);
      });
      return cancel;
    },
    publish(message) {
      for (const subscription of [...subscriptions]) {
        // Another handler may have taken it away just now.
        if (!subscriptions.has(subscription) || !matchesPattern(subscription.pattern, message.type)) continue;
        try {
          subscription.handler(message);
        } catch (error) {
          failed(error);
        }
      }
    },
  };
}

export function matchesPattern(pattern: string, type: string): boolean {
  return pattern.endsWith("*") ? type.startsWith(pattern.slice(0, -1)) : pattern === type;
}

export function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
