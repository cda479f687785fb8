import { createAdapter } from "@socket.io/redis-adapter";
import type { RedisConnections } from "./redis-connections.ts";
import type { RedisKeys } from "./redis-keys.ts";

/**
 * Carries messages between instances; messages may be lost. The classic adapter is used, not the sharded one, since it
 * subscribes only once, at the start, and so no later subscription can fail.
 */
export function createSocketIoAdapter({ adapterPublisher, adapterSubscriber }: RedisConnections, keys: RedisKeys) {
  return createAdapter(adapterPublisher, adapterSubscriber, {
    key: keys.adapter,
    // Replies go only to the instance that asked, not to all.
    publishOnSpecificResponseChannel: true,
  });
}
