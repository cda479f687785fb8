import type { Envelope } from "../../shared/envelope.ts";
import type { Namespace } from "../../shared/namespace.ts";
import type { SystemMessageData } from "../../shared/system-message.ts";
import type { Link } from "../transport/transport.ts";
import type { LogSubscription } from "./log-subscription.ts";

/** A subscription with the address of its log. */
export interface SubscriptionEntry {
  namespace: Namespace;
  /** The room; for `/monitoring` the one log that all topics share. Unknown before the server has sent the user id. */
  log(): string | undefined;
  /** Handles `system.room.left`. */
  left(data: SystemMessageData<"system.room.left">): void;
  subscription: LogSubscription;
}

/** All subscriptions of a client. They are attached to each new connection. */
export class LogSubscriptions {
  readonly #all = new Set<SubscriptionEntry>();
  #link: Link | undefined;

  add(entry: SubscriptionEntry): void {
    this.#all.add(entry);
    if (this.#link) entry.subscription.attach(this.#link);
  }

  remove(entry: SubscriptionEntry): void {
    if (this.#all.delete(entry)) entry.subscription.stop();
  }

  /** Calls `restored` when every subscription is live or has to retry. */
  attach(link: Link, restored: () => void): void {
    this.#link = link;
    let waitingFor = 1;
    const settled = () => {
      waitingFor -= 1;
      if (waitingFor === 0 && link === this.#link) restored();
    };
    for (const { subscription } of [...this.#all]) {
      waitingFor += 1;
      subscription.attach(link, settled);
    }
    settled();
  }

  detach(): void {
    this.#link = undefined;
    for (const { subscription } of [...this.#all]) subscription.detach();
  }

  message(namespace: Namespace, name: string, data: unknown): void {
    if (name === "system.room.reset") {
      const { room, position, reason } = data as SystemMessageData<"system.room.reset">;
      for (const entry of [...this.#all]) {
        if (entry.namespace === namespace && entry.log() === room) entry.subscription.reset(position, reason);
      }
    } else if (name === "system.room.left") {
      for (const entry of [...this.#all]) {
        if (entry.namespace === namespace) entry.left(data as SystemMessageData<"system.room.left">);
      }
    } else if (!name.startsWith("system.") && isEnvelope(data)) {
      for (const entry of [...this.#all]) {
        if (entry.namespace === namespace) entry.subscription.receive(data);
      }
    }
  }
}

function isEnvelope(data: unknown): data is Envelope {
  return typeof data === "object" && data !== null && "type" in data && "room" in data && "data" in data;
}
