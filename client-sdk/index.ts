export type { Envelope } from "../shared/envelope.ts";
export { EventType } from "../shared/event-type.ts";
export type { Position } from "../shared/position.ts";
export type { PayloadFault } from "../shared/reply.ts";
export type { Admin, AdminEvents } from "./admin/admin.ts";
export { createMessage, type Message } from "./bus/create-message.ts";
export { type BusMessage, createMessageBus, type MessageBus } from "./bus/message-bus.ts";
export type { Chat } from "./chat/chat.ts";
export {
  Conversation,
  type ConversationEvents,
  type ConversationOptions,
  type MessageInput,
} from "./chat/conversation.ts";
export type { Member } from "./chat/member-list.ts";
export type { Cancellation, StreamedResponse } from "./chat/streamed-response.ts";
export { Client, type ClientEvents, createClient } from "./client.ts";
export type { ClientOptions } from "./client-options.ts";
export { type BackoffOptions, backoffDelay, defaultBackoff } from "./connection/backoff.ts";
export type { CloseReason, ConnectionState, TransportName, Tries } from "./connection/connection-machine.ts";
export type { Cancel, Environment, EnvironmentChange, TextStore } from "./connection/environment.ts";
export type { PublicState } from "./connection/public-state.ts";
export type { GetToken } from "./connection/token-source.ts";
export { createLogger, type Logger, type LoggerOptions, type LogLevel } from "./log/logger.ts";
export type { Agent, Checkpoint, Listed, StreamWithProgress, Task } from "./monitoring/lists.ts";
export type { Monitoring, SubscribedEvent, SubscriptionHandlers } from "./monitoring/monitoring.ts";
export type { SubscriptionOptions, SubscriptionReply } from "./monitoring/subscription.ts";
export type { Feed, FeedEvents } from "./rooms/feed.ts";
export type { Gap, GetState } from "./rooms/gap.ts";
export type { JoinReply } from "./rooms/log-subscription.ts";
export type { RoomReply } from "./rooms/room-feed.ts";
export type { Answer, AnyCommandName, ClientNamespace, Input } from "./sending/command-policies.ts";
export type { SendCommand } from "./sending/send-command.ts";
export { type Outcome, SignalboxError } from "./signalbox-error.ts";
