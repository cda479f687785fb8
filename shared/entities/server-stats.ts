import { z } from "zod";
import { InstanceId } from "../ids.ts";
import { Timestamp } from "../json.ts";

export const ConnectionCounts = z
  .strictObject({
    chat: z.int().min(0),
    monitoring: z.int().min(0),
    admin: z.int().min(0),
    agents: z.int().min(0),
  })
  .meta({ id: "ConnectionCounts", description: "The number of connections of each namespace." });
export type ConnectionCounts = z.infer<typeof ConnectionCounts>;

/** Over the last few seconds. */
const rateFields = {
  commandsPerSecond: z.number().min(0),
  eventsPerSecond: z.number().min(0),
  deliveriesPerSecond: z.number().min(0),
};

export const Instance = z
  .strictObject({
    instanceId: InstanceId,
    status: z.enum(["active", "draining"]),
    startedAt: Timestamp,
    lastSeen: Timestamp,
    connections: ConnectionCounts,
    memoryBytes: z.int().min(0),
    loopUtilization: z
      .number()
      .min(0)
      .max(1)
      .describe("The share of the last few seconds in which the event loop was busy: at 1 everything waits."),
    ...rateFields,
    warnings: z
      .array(z.string())
      .optional()
      .describe("What is wrong with how Redis is set up: a sentence each. Absent where nothing is."),
  })
  .meta({ id: "Instance", description: "One server process. Rates are over the last few seconds." });
export type Instance = z.infer<typeof Instance>;

export const ServerStats = z
  .strictObject({
    timestamp: Timestamp,
    instances: z.int().min(0),
    connections: ConnectionCounts,
    rooms: z.int().min(0).describe("Rooms that have a connection."),
    ...rateFields,
  })
  .meta({ id: "ServerStats", description: "All instances together. Rates are over the last few seconds." });
export type ServerStats = z.infer<typeof ServerStats>;
