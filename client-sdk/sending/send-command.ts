import { SignalboxError } from "../signalbox-error.ts";
import {
  type Answer,
  type AnyCommandName,
  type ClientNamespace,
  commandPolicies,
  type Input,
  namespaceOf,
} from "./command-policies.ts";
import type { Outbox } from "./outbox.ts";

/**
 * Sends a command of any namespace that the client is in. Resolves with the data of a good reply, rejects with a
 * {@link SignalboxError}. Those with the same `key` keep their order, whatever has to be sent again.
 */
export type SendCommand = <C extends AnyCommandName>(command: C, payload: Input<C>, key?: string) => Promise<Answer<C>>;

export function createSendCommand(outbox: Outbox, namespaces: readonly ClientNamespace[]): SendCommand {
  return async <C extends AnyCommandName>(name: C, payload: Input<C>, key?: string) => {
    const namespace = namespaceOf(name, namespaces);
    if (!namespace) {
      const message = `${name} is no command of ${namespaces.join(" or ")}, where this client is.`;
      throw new SignalboxError({ code: "unknown_command", message, retryable: false }, "not_sent");
    }
    const policies: Record<string, "again" | "once" | "now"> = commandPolicies[namespace];
    const policy = policies[name] ?? "once";
    // The server holds its replies to the contract; here they are taken at its word.
    return (await outbox.send({ namespace, name, payload, policy, key })) as Answer<C>;
  };
}
