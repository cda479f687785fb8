import { z } from "zod";
import { EventType } from "../event-type.ts";
import { Identifier } from "../ids.ts";
import { JsonObject } from "../json.ts";
import { limits } from "../limits.ts";
import { defineEvent } from "./define-event.ts";

const Component = z.string().min(1).max(limits.nameLength);

export const healthUpdate = defineEvent({
  type: EventType.HealthUpdate,
  description: "How a component is. The newest of each component is kept for an hour and given to new subscribers.",
  rooms: ["health"],
  durable: false,
  publishers: ["service"],
  data: z.strictObject({
    component: Component,
    status: z.enum(["ok", "degraded", "down"]),
    details: JsonObject.optional(),
  }),
});

export const performanceUpdate = defineEvent({
  type: EventType.PerformanceUpdate,
  description:
    "Numbers of a component, in units that their names tell. The newest is kept like that of `health_update`.",
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

export const alertCreated = defineEvent({
  type: EventType.AlertCreated,
  description: "Something that a person should look at.",
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
