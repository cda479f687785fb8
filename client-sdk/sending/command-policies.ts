import type { CommandData, CommandInput, CommandName } from "../../shared/commands/catalogue.ts";
import type { Namespace } from "../../shared/namespace.ts";

/**
 * What is done with a command that was not answered because the connection ended.
 * `again`: it takes effect once however often it is sent, so it waits for a connection and is sent until it is answered.
 * `once`: sent twice it would happen twice, so it waits for a connection, and is not sent again.
 * `now`: it means something at this moment only, so it does not wait.
 */
export type CommandPolicy = "again" | "once" | "now";

/** Namespaces whose commands an application sends; those of `/agents` the agent sends by itself. */
export type ClientNamespace = Exclude<Namespace, "/agents">;

type Policies<N extends Namespace> = Record<CommandName<N>, CommandPolicy>;

const ofEverySession = { "system.pong": "now", "system.token.refresh": "now" } as const;

/** Every command there is. One that is new does not compile until it is decided what it is. */
export const commandPolicies: { [N in Namespace]: Policies<N> } = {
  "/chat": {
    ...ofEverySession,
    "conversation.create": "once",
    "conversation.add_members": "again",
    "conversation.remove_member": "again",
    "conversation.list": "again",
    "conversation.rename": "again",
    mark_read: "again",
    join_room: "now",
    leave_room: "now",
    history: "again",
    chat_message: "again",
    chat_response_delta: "once",
    chat_response: "again",
    "chat_response.cancel": "again",
    typing_indicator: "now",
    hlink_message: "once",
  },
  "/monitoring": {
    ...ofEverySession,
    subscribe: "now",
    unsubscribe: "now",
    join_room: "now",
    leave_room: "now",
  },
  "/agents": {
    ...ofEverySession,
    register: "now",
    heartbeat: "now",
    progress: "once",
    response: "again",
    activity: "once",
  },
  "/admin": {
    ...ofEverySession,
    "admin.stats": "again",
    "admin.instances": "again",
    "admin.connections": "again",
    "admin.rooms": "again",
    "admin.room": "again",
    "admin.disconnect": "once",
    "admin.revoke": "again",
    "admin.announce": "once",
    "admin.trace": "again",
    "admin.log_level": "again",
  },
};

/** The namespace of a command where only its name is given. */
export type NamespaceOf<C> =
  C extends CommandName<"/chat">
    ? "/chat"
    : C extends CommandName<"/monitoring">
      ? "/monitoring"
      : C extends CommandName<"/admin">
        ? "/admin"
        : never;

/** The commands that an application can send. */
export type AnyCommandName = CommandName<"/chat"> | CommandName<"/monitoring"> | CommandName<"/admin">;

/** The payload of a command, as it is given. */
export type Input<C extends AnyCommandName> = CommandInput<NamespaceOf<C>, Extract<C, CommandName<NamespaceOf<C>>>>;

/** What a command is answered. */
export type Answer<C extends AnyCommandName> = CommandData<NamespaceOf<C>, Extract<C, CommandName<NamespaceOf<C>>>>;

/** The first of the namespaces that has a command of this name. */
export function namespaceOf<N extends Namespace>(command: string, namespaces: readonly N[]): N | undefined {
  return namespaces.find((namespace) => Object.hasOwn(commandPolicies[namespace], command));
}
