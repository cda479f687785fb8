import { z } from "zod";
import { ConnectionCounts } from "../entities/server-stats.ts";

/** `GET /api/websocket/status`, over all instances. */
export const WebsocketStatus = z.strictObject({
  status: z.enum(["active", "draining"]),
  connections: z.int().min(0),
  rooms: ConnectionCounts.describe("Connections per namespace."),
  instances: z.int().min(1),
});
export type WebsocketStatus = z.infer<typeof WebsocketStatus>;
