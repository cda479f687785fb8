import { z } from "zod";
import type { Envelope } from "../envelope.ts";
import type { EventType } from "../event-type.ts";
import { limits } from "../limits.ts";

/** A command as a client of `/ws` sends it. Without `id` there is no reply, as without a callback. */
export const ClientFrame = z.strictObject({
  type: z.string().min(1).max(limits.identifierLength).describe("The name of the command."),
  id: z.string().optional().describe("Any text; the reply carries it."),
  payload: z.unknown().optional(),
});
export type ClientFrame = z.infer<typeof ClientFrame>;

/** An envelope; its room is called `topic` here and its type `eventType`. */
export interface EventFrame<Type extends EventType = EventType> {
  type: "event";
  timestamp: string;
  payload: { topic: Envelope["room"]; eventType: Type } & Pick<Envelope<Type>, "data" | "id" | "position" | "sender">;
}
