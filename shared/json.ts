import { z } from "zod";

/** Free-form data of the application. Its depth and its size are bounded by the limits on a message. */
export const JsonObject = z.record(z.string(), z.json());
export type JsonObject = z.infer<typeof JsonObject>;

/** ISO 8601 in UTC, as the server writes it. */
export const Timestamp = z.iso.datetime();
