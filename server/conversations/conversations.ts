import { LRUCache } from "lru-cache";
import { ulid } from "ulid";
import type { Conversation } from "../../shared/entities/conversation.ts";
import type { ConversationId, UserId } from "../../shared/ids.ts";
import { limits } from "../../shared/limits.ts";
import { Rejection } from "../../shared/rejection.ts";
import { atMostItems } from "../runtime/at-most-items.ts";
import { type Clock, timestampOf } from "../runtime/clock.ts";
import type { DocumentPage, Documents, PutOptions } from "../store/documents/documents.ts";
import { updateDocument } from "../store/documents/update-document.ts";

/** What decides about access, ready to be asked for every message. */
export interface Membership {
  members: ReadonlySet<UserId>;
  public: boolean;
}

export interface ConversationsDeps {
  documents: Documents;
  clock: Clock;
  /** Whether nobody else changes them: then what is known of them is true until it is changed here. */
  isAlone: boolean;
}

/** How long a membership may be out of date on an instance that did not hear of the change. */
const membershipMaxAgeMs = 1_000;
/** Where they get no older than that; and where they stay true, beside the conversations themselves in the same memory. */
const remembered = { among: 10_000, alone: 100_000 };

/** The conversations and who belongs to them. */
export class Conversations {
  readonly #documents: Documents;
  readonly #clock: Clock;
  readonly #memberships: LRUCache<ConversationId, Membership>;
  /** How often something has changed: what was asked for before may be older than that. */
  #changes = 0;

  constructor({ documents, clock, isAlone }: ConversationsDeps) {
    this.#documents = documents;
    this.#clock = clock;
    this.#memberships = new LRUCache(
      isAlone
        ? atMostItems(remembered.alone)
        : // The library counts what is of exactly this age as good, too.
          { ...atMostItems(remembered.among), ttl: membershipMaxAgeMs - 1, ttlResolution: 0, perf: clock },
    );
  }

  /** Rejects with `conflict` when the id is taken. */
  async create(
    conversation: Pick<Conversation, "title" | "members" | "public" | "createdBy"> & {
      id?: ConversationId | undefined;
    },
  ): Promise<Conversation> {
    const { id = ulid(this.#clock.now()) as ConversationId, title, members, createdBy } = conversation;
    const created: Conversation = {
      id,
      ...(title === undefined ? {} : { title }),
      members: atMost(limits.conversationMembers, distinct(members)),
      public: conversation.public,
      createdBy,
      createdAt: timestampOf(this.#clock),
    };
    const changes = this.#changes;
    const isNew = await this.#documents.put("conversation", id, created, 0, indexesOf(created));
    if (!isNew) throw new Rejection("conflict", `Conversation ${id} exists already.`);
    // Whoever creates it is about to use it.
    if (changes === this.#changes) this.#remember(created);
    return created;
  }

  async get(id: ConversationId): Promise<Conversation | undefined> {
    return (await this.#documents.get<Conversation>("conversation", id))?.value;
  }

  /**
   * Who may enter, or `undefined` for a conversation that does not exist. `suffices` says whether an answer can be
   * from memory: one that would refuse somebody is read again, so that a new member is never turned away.
   */
  async membership(id: ConversationId, suffices: (membership: Membership) => boolean): Promise<Membership | undefined> {
    const known = this.#memberships.get(id);
    if (known && suffices(known)) return known;
    const changes = this.#changes;
    const conversation = await this.get(id);
    if (!conversation) return undefined;
    return changes === this.#changes ? this.#remember(conversation) : membershipOf(conversation);
  }

  /** Whether {@link membership} has an answer that suffices in memory. */
  isKnownSufficiently(id: ConversationId, suffices: (membership: Membership) => boolean): boolean {
    const known = this.#memberships.get(id);
    return known !== undefined && suffices(known);
  }

  /** To be told when the conversation was changed, here or by another instance. */
  forget(id: ConversationId): void {
    this.#changes++;
    this.#memberships.delete(id);
  }

  /** The same, when it is not known which ones. */
  forgetAll(): void {
    this.#changes++;
    this.#memberships.clear();
  }

  addMembers(id: ConversationId, userIds: UserId[]): Promise<Conversation> {
    return this.#change(id, (conversation) => {
      const members = distinct([...conversation.members, ...userIds]);
      return { ...conversation, members: atMost(limits.conversationMembers, members) };
    });
  }

  /** Rejects with `not_found` for somebody who is not a member. */
  removeMember(id: ConversationId, userId: UserId): Promise<Conversation> {
    return this.#change(id, (conversation) => {
      if (!conversation.members.includes(userId)) throw new Rejection("not_found", `${userId} is not a member.`);
      return { ...conversation, members: conversation.members.filter((member) => member !== userId) };
    });
  }

  rename(id: ConversationId, title: string): Promise<Conversation> {
    return this.#change(id, (conversation) => ({ ...conversation, title }));
  }

  /** Something was said: the conversation moves to the top of its members' lists. */
  bumpActivity(id: ConversationId): Promise<void> {
    return this.#documents.touch("conversation", id, this.#clock.now());
  }

  /** Those that the user is a member of, newest activity first. */
  async ofUser(userId: UserId, limit: number, cursor: string | undefined): Promise<DocumentPage<Conversation>> {
    return this.#documents.list<Conversation>("conversation", memberIndex(userId), limit, cursor);
  }

  async #change(id: ConversationId, change: (before: Conversation) => Conversation): Promise<Conversation> {
    const { value } = await updateDocument(this.#documents, "conversation", id, (before?: Conversation) => {
      if (!before) throw notFound(id);
      const after = change(before);
      return { value: after, ...indexesOf(after) };
    });
    this.forget(id);
    return value;
  }

  #remember(conversation: Conversation): Membership {
    const membership = membershipOf(conversation);
    this.#memberships.set(conversation.id, membership);
    return membership;
  }
}

const membershipOf = (conversation: Conversation): Membership => ({
  members: new Set(conversation.members),
  public: conversation.public,
});

export function notFound(id: ConversationId): Rejection {
  return new Rejection("not_found", `There is no conversation ${id}.`);
}

const memberIndex = (userId: UserId) => `member:${userId}`;

const indexesOf = ({ members }: Conversation): PutOptions => ({ indexes: members.map(memberIndex) });

function atMost(limit: number, members: UserId[]): UserId[] {
  if (members.length > limit) throw new Rejection("limit_exceeded", `A conversation may have ${limit} members.`);
  return members;
}

const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)];
