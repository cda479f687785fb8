import { z } from "zod";

/** `GET /healthz` */
export const Health = z.strictObject({ status: z.literal("ok") });

/** `GET /readyz`; 503 for anything but `ready`. */
export const Readiness = z.strictObject({
  status: z.enum(["ready", "draining", "store_unavailable"]),
  warnings: z
    .array(z.string())
    .optional()
    .describe("What is wrong with how Redis is set up: a sentence each. Absent where nothing is."),
});
