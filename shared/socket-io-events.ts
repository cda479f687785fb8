import type { AdminMessageData, AdminMessageName } from "./admin-messages.ts";
import type { CancelMessage, DispatchAcceptance, DispatchMessage } from "./agent-messages.ts";
import type { CommandData, CommandInput, CommandName } from "./commands/catalogue.ts";
import type { Envelope } from "./envelope.ts";
import type { EventType } from "./event-type.ts";
import type { Namespace } from "./namespace.ts";
import type { Reply } from "./reply.ts";
import type { SystemMessageData, SystemMessageName } from "./system-message.ts";

type Events = { [Type in EventType as `${Type}`]: (envelope: Envelope<Type>) => void };

type SystemMessages = { [Name in SystemMessageName]: (data: SystemMessageData<Name>) => void };

interface CancelMessages {
  cancel: (message: CancelMessage) => void;
}

interface AgentMessages extends CancelMessages {
  dispatch: (message: DispatchMessage, answer: (acceptance: DispatchAcceptance) => void) => void;
}

type AdminMessages = { [Name in AdminMessageName]: (data: AdminMessageData<Name>) => void };

/** What only one namespace has. `/chat` has `cancel` for those who stream responses there. */
interface OwnMessages extends Record<Namespace, object> {
  "/chat": CancelMessages;
  "/monitoring": object;
  "/agents": AgentMessages;
  "/admin": AdminMessages;
}

/** What the server emits in a namespace. */
export type ServerToClientEvents<N extends Namespace> = Events & SystemMessages & OwnMessages[N];

/** What a client may emit in a namespace: its commands. */
export type ClientToServerEvents<N extends Namespace> = {
  [C in CommandName<N>]: (payload: CommandInput<N, C>, reply?: (reply: Reply<CommandData<N, C>>) => void) => void;
};
