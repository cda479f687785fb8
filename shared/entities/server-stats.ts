import { z } from "zod";
import { InstanceId } from "../ids.ts";
import { Timestamp } from "../json.ts";

/** How many connections each namespace has. */
export const ConnectionCounts = z.strictObject({
  chat: z.int().min(0),
  monitoring: z.int().min(0),
  admin: z.int().min(0),
  agents: z.int().min(0),
});
export type ConnectionCounts = z.infer<typeof ConnectionCounts>;

const rateFields = {
  /** Per second, over the last few seconds. */
  commandsPerSecond: z.number().min(0),
  eventsPerSecond: z.number().min(0),
  deliveriesPerSecond: z.number().min(0),
};

/** One server process. */
export const Instance = z.strictObject({
  instanceId: InstanceId,
  status: z.enum(["active", "draining"]),
  startedAt: Timestamp,
  lastSeen: Timestamp,
  connections: ConnectionCounts,
  memoryBytes: z.int().min(0),
  /** The share of the last few seconds in which the event loop was busy: at 1 everything waits. */
  loopUtilization: z.number().min(0).max(1),
  ...rateFields,
});
export type Instance = z.infer<typeof Instance>;

/** All instances together, as the registry knows them. */
export const ServerStats = z.strictObject({
  timestamp: Timestamp,
  instances: z.int().min(0),
  connections: ConnectionCounts,
  /** Rooms with somebody in them. */
  rooms: z.int().min(0),
  ...rateFields,
});
export type ServerStats = z.infer<typeof ServerStats>;
