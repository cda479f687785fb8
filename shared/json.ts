import { z } from "zod";

export const JsonObject = z.record(z.string(), z.json()).meta({
  id: "JsonObject",
  description: "Free-form data of the application. The limits on a message bound its depth and size.",
});
export type JsonObject = z.infer<typeof JsonObject>;

export const Timestamp = z.iso
  .datetime()
  .meta({ id: "Timestamp", description: "A moment in ISO 8601, UTC: `2026-11-20T12:00:00.000Z`." });
