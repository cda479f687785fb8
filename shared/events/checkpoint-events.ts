import { Checkpoint } from "../entities/checkpoint.ts";
import { EventType } from "../event-type.ts";
import { defineEvent } from "./define-event.ts";

const checkpointData = Checkpoint.omit({ createdAt: true });

export const checkpointCreated = defineEvent({
  type: EventType.CheckpointCreated,
  rooms: ["checkpoint"],
  durable: true,
  publishers: ["service"],
  data: checkpointData,
});

/** The task goes on from this checkpoint. */
export const checkpointResumed = defineEvent({
  type: EventType.CheckpointResumed,
  rooms: ["checkpoint"],
  durable: true,
  publishers: ["service"],
  data: checkpointData,
});
