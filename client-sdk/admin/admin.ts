import type { CommandData, CommandInput, CommandName } from "../../shared/commands/catalogue.ts";
import type { SendCommand } from "../sending/send-command.ts";

type AdminCommand = Extract<CommandName<"/admin">, `admin.${string}`>;

type MethodName<C extends AdminCommand> = C extends `admin.${infer Name}` ? CamelCase<Name> : never;

type CamelCase<Text extends string> = Text extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Text;

/** A method for each command: `admin.log_level` is `logLevel`. */
export type Admin = {
  readonly [C in AdminCommand as MethodName<C>]: (
    payload: CommandInput<"/admin", C>,
  ) => Promise<CommandData<"/admin", C>>;
};

export function createAdmin(send: SendCommand): Admin {
  return {
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
}
