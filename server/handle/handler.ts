import type { CommandData, CommandName, CommandPayload, CommandSpace } from "../../shared/commands/catalogue.ts";
import type { DeferredReply } from "../session/deferred-reply.ts";
import type { Session } from "../session/session.ts";

/** Handles one command: parsed payload in, reply data out. A thrown `Rejection` becomes the error reply. */
export type Handler<N extends CommandSpace, C extends CommandName<N>> = (
  payload: CommandPayload<N, C>,
  session: Session,
) => Promise<CommandData<N, C> | DeferredReply<CommandData<N, C>>>;

/** A handler for each of the named commands, or for all of the namespace. */
export type Handlers<N extends CommandSpace, C extends CommandName<N> = CommandName<N>> = {
  [Name in C]: Handler<N, Name>;
};
