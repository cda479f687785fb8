import type { AdminMessageData, AdminMessageName } from "../../shared/admin-messages.ts";
import type { CommandData, CommandInput, CommandName } from "../../shared/commands/catalogue.ts";
import { Emitter } from "../emitter.ts";
import type { SendCommand } from "../sending/send-command.ts";

type AdminCommand = Extract<CommandName<"/admin">, `admin.${string}`>;

type MethodName<C extends AdminCommand> = C extends `admin.${infer Name}` ? CamelCase<Name> : never;

type CamelCase<Text extends string> = Text extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Text;

/** A method for each command: `admin.log_level` is `logLevel`. */
type AdminCommands = {
  readonly [C in AdminCommand as MethodName<C>]: (
    payload: CommandInput<"/admin", C>,
  ) => Promise<CommandData<"/admin", C>>;
};

type OwnName<Name extends AdminMessageName> = Name extends `admin.${infer Own}` ? Own : never;

/**
 * Messages that the server sends to admins. `stats`: totals of all instances, every 2 s while the client is connected.
 * `trace`: a step recorded by a trace of this connection; traces end with their connection.
 */
export type AdminEvents = { [Name in AdminMessageName as OwnName<Name>]: AdminMessageData<Name> };

/** Operations for clients of `/admin`: a method for each command, and the messages in {@link AdminEvents}. */
export interface Admin extends AdminCommands, Pick<Emitter<AdminEvents>, "on" | "once" | "off"> {}

interface AdminFeed {
  admin: Admin;
  /** Takes every message of `/admin`. */
  message(name: string, data: unknown): void;
}

export function createAdmin(send: SendCommand): AdminFeed {
  const emitter = new Emitter<AdminEvents>();
  const admin: Admin = {
    on: (name, listener) => emitter.on(name, listener),
    once: (name, listener) => emitter.once(name, listener),
    off: (name, listener) => emitter.off(name, listener),
    stats: (payload) => send("admin.stats", payload),
    instances: (payload) => send("admin.instances", payload),
    connections: (payload) => send("admin.connections", payload),
    rooms: (payload) => send("admin.rooms", payload),
    room: (payload) => send("admin.room", payload),
    disconnect: (payload) => send("admin.disconnect", payload),
    revoke: (payload) => send("admin.revoke", payload),
    announce: (payload) => send("admin.announce", payload),
    trace: (payload) => send("admin.trace", payload),
    logLevel: (payload) => send("admin.log_level", payload),
  };
  return {
    admin,
    message(name, data) {
      if (name === "admin.stats") emitter.emit("stats", data as AdminEvents["stats"]);
      if (name === "admin.trace") emitter.emit("trace", data as AdminEvents["trace"]);
    },
  };
}
