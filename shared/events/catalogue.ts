import type { z } from "zod";
import type { EventType } from "../event-type.ts";
import {
  agentCompleted,
  agentConnected,
  agentDisconnected,
  agentError,
  agentHandoff,
  agentHeartbeatLost,
  agentProgress,
  agentResponse,
  agentStarted,
  taskDispatched,
  toolExecuted,
} from "./agent-events.ts";
import {
  chatMessage,
  chatResponse,
  chatResponseDelta,
  conversationUpdated,
  readReceipt,
  typingIndicator,
  userJoined,
  userLeft,
} from "./chat-events.ts";
import { checkpointCreated, checkpointResumed } from "./checkpoint-events.ts";
import type { EventDefinition } from "./define-event.ts";
import { alertCreated, healthUpdate, performanceUpdate } from "./health-events.ts";
import { hlinkMessage } from "./hlink-event.ts";
import {
  streamBlocked,
  streamCompleted,
  streamProgress,
  taskBlocked,
  taskCompleted,
  taskCreated,
  taskStatusChanged,
  taskUpdated,
} from "./task-events.ts";
import { announcement, notification } from "./user-events.ts";

/** Every event, once. A type without a definition, or under a definition of another type, does not compile. */
export const events = {
  [chatMessage.type]: chatMessage,
  [chatResponseDelta.type]: chatResponseDelta,
  [chatResponse.type]: chatResponse,
  [typingIndicator.type]: typingIndicator,
  [userJoined.type]: userJoined,
  [userLeft.type]: userLeft,
  [readReceipt.type]: readReceipt,
  [conversationUpdated.type]: conversationUpdated,
  [hlinkMessage.type]: hlinkMessage,
  [notification.type]: notification,
  [announcement.type]: announcement,
  [agentStarted.type]: agentStarted,
  [agentCompleted.type]: agentCompleted,
  [toolExecuted.type]: toolExecuted,
  [agentHandoff.type]: agentHandoff,
  [agentConnected.type]: agentConnected,
  [agentDisconnected.type]: agentDisconnected,
  [agentHeartbeatLost.type]: agentHeartbeatLost,
  [taskDispatched.type]: taskDispatched,
  [agentProgress.type]: agentProgress,
  [agentResponse.type]: agentResponse,
  [agentError.type]: agentError,
  [taskCreated.type]: taskCreated,
  [taskUpdated.type]: taskUpdated,
  [taskStatusChanged.type]: taskStatusChanged,
  [taskBlocked.type]: taskBlocked,
  [taskCompleted.type]: taskCompleted,
  [streamProgress.type]: streamProgress,
  [streamCompleted.type]: streamCompleted,
  [streamBlocked.type]: streamBlocked,
  [checkpointCreated.type]: checkpointCreated,
  [checkpointResumed.type]: checkpointResumed,
  [healthUpdate.type]: healthUpdate,
  [performanceUpdate.type]: performanceUpdate,
  [alertCreated.type]: alertCreated,
} satisfies { [Type in EventType]: EventDefinition<Type, z.ZodType, boolean> };

/** `data` of an event, as it is after parsing. */
export type EventData<Type extends EventType> = z.output<(typeof events)[Type]["data"]>;
