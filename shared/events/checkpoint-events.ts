import { Checkpoint } from "../entities/checkpoint.ts";
import { EventType } from "../event-type.ts";
import { defineEvent } from "./define-event.ts";

const checkpointData = Checkpoint.omit({ createdAt: true });

export const checkpointCreated = defineEvent({
  type: EventType.CheckpointCreated,
  description: "A checkpoint was recorded.",
  rooms: ["checkpoint"],
  durable: true,
  publishers: ["service"],
  data: checkpointData,
});

export const checkpointResumed = defineEvent({
  type: EventType.CheckpointResumed,
  description: "The task goes on from the checkpoint.",
  rooms: ["checkpoint"],
  durable: true,
  publishers: ["service"],
  data: checkpointData,
});
