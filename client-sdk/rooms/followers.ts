import type { Envelope } from "../../shared/envelope.ts";
import type { Namespace } from "../../shared/namespace.ts";
import type { SystemMessageData } from "../../shared/system-message.ts";
import type { Link } from "../transport/transport.ts";
import type { Follower } from "./follower.ts";

/** A follower among the others of its namespace. */
export interface Followed {
  namespace: Namespace;
  /** The room, as events name it; for `/monitoring` the one log that all share. Not known before there is a user. */
  log(): string | undefined;
  /** What `system.room.left` names, if it is ours. */
  left(data: SystemMessageData<"system.room.left">): void;
  follower: Follower;
}

/** Everything that a client follows. */
export class Followers {
  readonly #all = new Set<Followed>();
  #link: Link | undefined;

  add(followed: Followed): void {
    this.#all.add(followed);
    if (this.#link) followed.follower.attach(this.#link);
  }

  remove(followed: Followed): void {
    if (this.#all.delete(followed)) followed.follower.stop();
  }

  /** `restored` is called when all of them are live, or will take longer. */
  attach(link: Link, restored: () => void): void {
    this.#link = link;
    let waitingFor = 1;
    const settled = () => {
      waitingFor -= 1;
      if (waitingFor === 0 && link === this.#link) restored();
    };
    for (const { follower } of [...this.#all]) {
      waitingFor += 1;
      follower.attach(link, settled);
    }
    settled();
  }

  detach(): void {
    this.#link = undefined;
    for (const { follower } of [...this.#all]) follower.detach();
  }

  message(namespace: Namespace, name: string, data: unknown): void {
    if (name === "system.room.reset") {
      const { room, position, reason } = data as SystemMessageData<"system.room.reset">;
      for (const followed of [...this.#all]) {
        if (followed.namespace === namespace && followed.log() === room) followed.follower.reset(position, reason);
      }
    } else if (name === "system.room.left") {
      for (const followed of [...this.#all]) {
        if (followed.namespace === namespace) followed.left(data as SystemMessageData<"system.room.left">);
      }
    } else if (!name.startsWith("system.") && isEnvelope(data)) {
      for (const followed of [...this.#all]) {
        if (followed.namespace === namespace) followed.follower.receive(data);
      }
    }
  }
}

function isEnvelope(data: unknown): data is Envelope {
  return typeof data === "object" && data !== null && "type" in data && "room" in data && "data" in data;
}
