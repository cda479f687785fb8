import { z } from "zod";
import { ConnectionCounts } from "../entities/server-stats.ts";

/** `GET /api/websocket/status`, over all instances. `rooms` are the connections of each namespace. */
export const WebsocketStatus = z.strictObject({
  status: z.enum(["active", "draining"]),
  connections: z.int().min(0),
  rooms: ConnectionCounts,
  instances: z.int().min(1),
});
export type WebsocketStatus = z.infer<typeof WebsocketStatus>;
