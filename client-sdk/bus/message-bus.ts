import type { Cancel } from "../connection/environment.ts";

/** A typed message: an event's envelope, or one made with `createMessage`. */
export interface BusMessage {
  type: string;
}

/** Publish/subscribe by message type, within one page or process. */
export interface MessageBus<M extends BusMessage = BusMessage> {
  /** `pattern` is a type, or a prefix with a star: `task.*`, `data.widget.*`, `*`. Returns a function that unsubscribes. */
  subscribe(pattern: string, handler: (message: M) => void): Cancel;
  /** The same for the next matching message only. */
  subscribeOnce(pattern: string, handler: (message: M) => void): Cancel;
  /** Calls handlers in the order of subscription. A handler that throws does not affect the others. */
  publish(message: M): void;
}

interface Subscription<M> {
  pattern: string;
  handler: (message: M) => void;
}

/** `onError` receives what a handler throws. Default: it is rethrown as an uncaught error, so that it is seen. */
export function createMessageBus<M extends BusMessage = BusMessage>(
  onError: (error: unknown) => void = rethrowAsync,
): MessageBus<M> {
  const subscriptions = new Set<Subscription<M>>();

  function subscribe(pattern: string, handler: (message: M) => void): Cancel {
    if (pattern === "" || pattern.slice(0, -1).includes("*")) {
      throw new TypeError(`Invalid pattern "${pattern}": a star is allowed only at the end, as in task.*`);
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
        // An earlier handler may have unsubscribed it.
        if (!subscriptions.has(subscription) || !matchesPattern(subscription.pattern, message.type)) continue;
        try {
          subscription.handler(message);
        } catch (error) {
          onError(error);
        }
      }
    },
  };
}

function matchesPattern(pattern: string, type: string): boolean {
  return pattern.endsWith("*") ? type.startsWith(pattern.slice(0, -1)) : pattern === type;
}

export function rethrowAsync(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
