import { LRUCache } from "lru-cache";
import { ulid } from "ulid";
import type { Conversation } from "../../shared/entities/conversation.ts";
import type { ConversationId, UserId } from "../../shared/ids.ts";
import { limits } from "../../shared/limits.ts";
import { Rejection } from "../../shared/rejection.ts";
import { atMostItems } from "../runtime/at-most-items.ts";
import { type Clock, perfOf, timestampOf } from "../runtime/clock.ts";
import type { Failed } from "../runtime/failed.ts";
import type { DocumentPage, Documents, PutOptions } from "../store/documents/documents.ts";
import { updateDocument } from "../store/documents/update-document.ts";
import type { StoreTime } from "../store/store-time.ts";

/** The part of a conversation that decides about access. Checked for every message, so it is cached. */
export interface Membership {
  members: ReadonlySet<UserId>;
  public: boolean;
}

interface ConversationsDeps {
  documents: Documents;
  clock: Clock;
  time: StoreTime;
  /** Only this instance changes conversations, so a cached membership stays true until this instance changes it. */
  isSingleInstance: boolean;
  failed: Failed;
}

/** How long a cached membership may be out of date on an instance that did not get the notification of a change. */
const membershipMaxAgeMs = 1_000;
/**
 * Memberships in the cache. With several instances an entry is worth keeping for `membershipMaxAgeMs` only. A single
 * instance keeps entries until they change, and has all conversations in the same memory anyway.
 */
const cachedMemberships = { severalInstances: 10_000, singleInstance: 100_000 };

/** The conversations and their members. */
export class Conversations {
  readonly #documents: Documents;
  readonly #clock: Clock;
  readonly #time: StoreTime;
  readonly #failed: Failed;
  readonly #memberships: LRUCache<ConversationId, Membership>;
  /** Counts changes: a document whose read began before the latest change may be stale, and is not cached. */
  #changes = 0;

  constructor({ documents, clock, time, isSingleInstance, failed }: ConversationsDeps) {
    this.#documents = documents;
    this.#clock = clock;
    this.#time = time;
    this.#failed = failed;
    this.#memberships = new LRUCache(
      isSingleInstance
        ? atMostItems(cachedMemberships.singleInstance)
        : // lru-cache still returns an entry whose age is exactly `ttl`.
          {
            ...atMostItems(cachedMemberships.severalInstances),
            ttl: membershipMaxAgeMs - 1,
            ttlResolution: 0,
            perf: perfOf(clock),
          },
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
    // Its creator is about to use it.
    if (changes === this.#changes) this.#cache(created);
    return created;
  }

  async get(id: ConversationId): Promise<Conversation | undefined> {
    return (await this.#documents.get<Conversation>("conversation", id))?.value;
  }

  /**
   * The members, or `undefined` for a conversation that does not exist. The cached membership is returned only if
   * `isAllowed` accepts it. Otherwise the conversation is read from the store, so that a stale cache entry never
   * refuses a new member.
   */
  async membership(
    id: ConversationId,
    isAllowed: (membership: Membership) => boolean,
  ): Promise<Membership | undefined> {
    const cached = this.#memberships.get(id);
    if (cached && isAllowed(cached)) return cached;
    const changes = this.#changes;
    const conversation = await this.get(id);
    if (!conversation) return undefined;
    return changes === this.#changes ? this.#cache(conversation) : membershipOf(conversation);
  }

  /** Whether the cached membership is accepted. `false` means that {@link membership} has to read the store. */
  isAllowedByCache(id: ConversationId, isAllowed: (membership: Membership) => boolean): boolean {
    const cached = this.#memberships.get(id);
    return cached !== undefined && isAllowed(cached);
  }

  /** Drops the cached membership: this or another instance has changed the conversation. */
  forget(id: ConversationId): void {
    this.#changes++;
    this.#memberships.delete(id);
  }

  /** Drops all cached memberships: notifications of changes may have been lost. */
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

  /** Rejects with `not_found` for a user who is not a member. */
  removeMember(id: ConversationId, userId: UserId): Promise<Conversation> {
    return this.#change(id, (conversation) => {
      if (!conversation.members.includes(userId)) throw new Rejection("not_found", `${userId} is not a member.`);
      return { ...conversation, members: conversation.members.filter((member) => member !== userId) };
    });
  }

  rename(id: ConversationId, title: string): Promise<Conversation> {
    return this.#change(id, (conversation) => ({ ...conversation, title }));
  }

  /** Bumps the activity in the background: the message is stored by now, so a failure must not fail its command. */
  messageStored(id: ConversationId, { duplicate }: { duplicate: boolean }): void {
    if (duplicate) return;
    this.bumpActivity(id).catch((error: unknown) =>
      this.#failed("update the activity of a conversation", error, { willRetry: false, conversationId: id }),
    );
  }

  /** Moves the conversation to the top of its members' lists, after a message. */
  bumpActivity(id: ConversationId): Promise<void> {
    return this.#documents.touch("conversation", id, this.#time.now());
  }

  /** The conversations that the user is a member of, latest activity first. */
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

  #cache(conversation: Conversation): Membership {
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
