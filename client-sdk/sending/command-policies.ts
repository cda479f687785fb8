import type { CommandData, CommandInput, CommandName } from "../../shared/commands/catalogue.ts";
import type { Namespace } from "../../shared/namespace.ts";

/**
 * Delivery policy of a command whose connection ends before the reply.
 * `retry`: idempotent; it is queued for a connection and sent until it is answered.
 * `once`: not idempotent; it is queued for a connection and sent at most once.
 * `volatile`: meaningful only at this moment; it is not queued.
 */
export type CommandPolicy = "retry" | "once" | "volatile";

/** Namespaces whose commands an application sends; commands of `/agents` are sent by the agent client. */
export type ClientNamespace = Exclude<Namespace, "/agents">;

type Policies<N extends Namespace> = Record<CommandName<N>, CommandPolicy>;

const sessionCommands = { "system.pong": "volatile", "system.token.refresh": "volatile" } as const;

/** Every command of the protocol. A new command does not compile until it has a policy here. */
export const commandPolicies: { [N in Namespace]: Policies<N> } = {
  "/chat": {
    ...sessionCommands,
    "conversation.create": "once",
    "conversation.add_members": "retry",
    "conversation.remove_member": "retry",
    "conversation.list": "retry",
    "conversation.rename": "retry",
    mark_read: "retry",
    join_room: "volatile",
    leave_room: "volatile",
    history: "retry",
    chat_message: "retry",
    chat_response_delta: "once",
    chat_response: "retry",
    "chat_response.cancel": "retry",
    typing_indicator: "volatile",
    hlink_message: "once",
  },
  "/monitoring": {
    ...sessionCommands,
    subscribe: "volatile",
    unsubscribe: "volatile",
    join_room: "volatile",
    leave_room: "volatile",
  },
  "/agents": {
    ...sessionCommands,
    register: "volatile",
    heartbeat: "volatile",
    progress: "once",
    response: "retry",
    activity: "once",
  },
  "/admin": {
    ...sessionCommands,
    "admin.stats": "retry",
    "admin.instances": "retry",
    "admin.connections": "retry",
    "admin.rooms": "retry",
    "admin.room": "retry",
    "admin.disconnect": "once",
    "admin.revoke": "retry",
    "admin.announce": "once",
    "admin.trace": "retry",
    "admin.log_level": "retry",
  },
};

/** The namespace of a command name. */
type NamespaceOf<C> =
  C extends CommandName<"/chat">
    ? "/chat"
    : C extends CommandName<"/monitoring">
      ? "/monitoring"
      : C extends CommandName<"/admin">
        ? "/admin"
        : never;

/** Commands that an application can send. */
export type AnyCommandName = CommandName<"/chat"> | CommandName<"/monitoring"> | CommandName<"/admin">;

/** The payload of a command. */
export type Input<C extends AnyCommandName> = CommandInput<NamespaceOf<C>, Extract<C, CommandName<NamespaceOf<C>>>>;

/** The data of a command's reply. */
export type Answer<C extends AnyCommandName> = CommandData<NamespaceOf<C>, Extract<C, CommandName<NamespaceOf<C>>>>;

/** The first of these namespaces that has a command of this name. */
export function namespaceOf<N extends Namespace>(command: string, namespaces: readonly N[]): N | undefined {
  return namespaces.find((namespace) => Object.hasOwn(commandPolicies[namespace], command));
}
