import type { Envelope } from "../../shared/envelope.ts";

/** A member who is connected to a conversation. */
export interface Member {
  userId: string;
  name: string | null;
}

/** Connected members, updated by `user_joined` and `user_left`. A new array for every change. */
interface MemberList {
  readonly all: readonly Member[];
  replace(members: readonly Member[]): void;
  /** Applies an event. Returns whether the list has changed. */
  apply(envelope: Envelope): boolean;
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
    apply({ type, data }) {
      if (type !== "user_joined" && type !== "user_left") return false;
      const { userId, name = null } = data as { userId: string; name?: string };
      const others = all.filter((member) => member.userId !== userId);
      all = type === "user_joined" ? [...others, { userId, name }] : others;
      return true;
    },
  };
}
