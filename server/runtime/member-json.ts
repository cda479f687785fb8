import type { PresentMember } from "../../shared/commands/chat-commands.ts";

/**
 * A member of a room who is there, as replies have it, with the JSON once it was wanted: when all come back at once,
 * each of them is told of all the others. Never changes.
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

/** The JSON of a member, made anew for one that is not known. */
export function jsonOfMember(member: PresentMember): string {
  return member instanceof KnownMember ? member.json : JSON.stringify(member);
}
