import { SignalboxError } from "../signalbox-error.ts";
import {
  type Answer,
  type AnyCommandName,
  type ClientNamespace,
  type CommandPolicy,
  commandPolicies,
  type Input,
  namespaceOf,
} from "./command-policies.ts";
import type { Outbox } from "./outbox.ts";

/**
 * Sends a command of any namespace that the client is in. Resolves with the data of a successful reply, rejects with a
 * {@link SignalboxError}. Commands with the same `key` keep their order, also across retries.
 */
export type SendCommand = <C extends AnyCommandName>(command: C, payload: Input<C>, key?: string) => Promise<Answer<C>>;

export function createSendCommand(outbox: Outbox, namespaces: readonly ClientNamespace[]): SendCommand {
  return async <C extends AnyCommandName>(name: C, payload: Input<C>, key?: string) => {
    const namespace = namespaceOf(name, namespaces);
    if (!namespace) {
      const message = `${name} is not a command of ${namespaces.join(" or ")}, the namespaces of this client.`;
      throw new SignalboxError({ code: "unknown_command", message, retryable: false }, "not_sent");
    }
    const policies: Record<string, CommandPolicy> = commandPolicies[namespace];
    const policy = policies[name] ?? "once";
    // The server validates its replies against the contract, so they are not parsed again here.
    return (await outbox.send({ namespace, name, payload, policy, key })) as Answer<C>;
  };
}
