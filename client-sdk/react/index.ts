export type { ConversationEntry, ConversationView, ResponseView } from "./conversation-store.ts";
export { ConnectionStatus, FreshnessBadge } from "./elements.ts";
export type { LiveListView } from "./live-list.ts";
export { SignalboxProvider, storesOf, useClient, useStore } from "./provider.ts";
export { createStore, type Store, type StoreSource } from "./store.ts";
export { type ConnectionView, useConnection } from "./use-connection.ts";
export { type StreamedResponseView, useConversation, usePresence, useStreamedResponse } from "./use-conversation.ts";
export { type SubscriptionView, useSubscription } from "./use-subscription.ts";
export { useStreams, useTasks } from "./use-tasks.ts";
