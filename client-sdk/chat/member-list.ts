import type { Envelope } from "../../shared/envelope.ts";

/** Somebody who is in a conversation at this moment. */
export interface Member {
  userId: string;
  name: string | null;
}

/** Who is here, kept up with the arrivals and departures that are told. A new array for every change. */
export interface MemberList {
  readonly all: readonly Member[];
  replace(members: readonly Member[]): void;
  /** Whether the event has changed anything. */
  take(envelope: Envelope): boolean;
}

export function createMemberList(): MemberList {
  let all: readonly Member[] = [];
  return {
    get all() {
      return all;
    },
    replace(members) {
      all = members.map(({ userId, name }) => ({ userId, name }));
    },
    take({ type, data }) {
      if (type !== "user_joined" && type !== "user_left") return false;
      const { userId, name = null } = data as { userId: string; name?: string };
      const others = all.filter((member) => member.userId !== userId);
      all = type === "user_joined" ? [...others, { userId, name }] : others;
      return true;
    },
  };
}
