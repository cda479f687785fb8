import type { PresentMember } from "../../shared/commands/chat-commands.ts";

/**
 * A present member as in replies, with its JSON cached: when many clients reconnect at once, each receives all the
 * others. Immutable.
 */
export class KnownMember implements PresentMember {
  readonly userId: PresentMember["userId"];
  readonly name: PresentMember["name"];
  readonly connections: number;
  #json: string | undefined;

  constructor({ userId, name, connections }: PresentMember) {
    this.userId = userId;
    this.name = name;
    this.connections = connections;
  }

  get json(): string {
    this.#json ??= JSON.stringify(this);
    return this.#json;
  }
}

/** The JSON of a member, from the cache if there is one. */
export function jsonOfMember(member: PresentMember): string {
  return member instanceof KnownMember ? member.json : JSON.stringify(member);
}
