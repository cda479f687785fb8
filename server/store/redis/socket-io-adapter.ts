import { createAdapter } from "@socket.io/redis-adapter";
import type { RedisConnections } from "./redis-connections.ts";
import type { RedisKeys } from "./redis-keys.ts";

/**
 * Carries messages between instances that may be lost: the classic adapter, which subscribes once, at the start, and
 * so has no subscription to lose.
 */
export function createSocketIoAdapter({ adapterPublisher, adapterSubscriber }: RedisConnections, keys: RedisKeys) {
  return createAdapter(adapterPublisher, adapterSubscriber, {
    key: keys.adapter,
    // Answers go to whoever asked, and not to every instance.
    publishOnSpecificResponseChannel: true,
  });
}
