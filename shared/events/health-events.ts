import { z } from "zod";
import { EventType } from "../event-type.ts";
import { Identifier } from "../ids.ts";
import { JsonObject } from "../json.ts";
import { limits } from "../limits.ts";
import { defineEvent } from "./define-event.ts";

const Component = z.string().min(1).max(limits.nameLength);

/** The newest of each component is kept for an hour and given to new subscribers. */
export const healthUpdate = defineEvent({
  type: EventType.HealthUpdate,
  rooms: ["health"],
  durable: false,
  publishers: ["service"],
  data: z.strictObject({
    component: Component,
    status: z.enum(["ok", "degraded", "down"]),
    details: JsonObject.optional(),
  }),
});

/** Numbers of one component, in units that their names tell. The newest is kept as that of {@link healthUpdate} is. */
export const performanceUpdate = defineEvent({
  type: EventType.PerformanceUpdate,
  rooms: ["health"],
  durable: false,
  publishers: ["service"],
  data: z.strictObject({
    component: Component,
    metrics: z
      .record(z.string().min(1).max(limits.nameLength), z.number())
      .refine(
        (metrics) => Object.keys(metrics).length <= limits.metricsPerUpdate,
        `must have at most ${limits.metricsPerUpdate} metrics`,
      ),
  }),
});

/** Something a person should look at. */
export const alertCreated = defineEvent({
  type: EventType.AlertCreated,
  rooms: ["alerts"],
  durable: true,
  publishers: ["service"],
  data: z.strictObject({
    alertId: Identifier,
    severity: z.enum(["info", "warning", "critical"]),
    title: z.string().min(1).max(limits.titleLength),
    details: JsonObject.optional(),
  }),
});
