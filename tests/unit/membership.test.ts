import { describe, expect, it } from "@jest/globals";
import { Conversations } from "../../server/conversations/conversations.ts";
import type { ConversationId, UserId } from "../../shared/ids.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { slowDocuments } from "../support/slow-documents.ts";

const [ada, bob] = ["ada", "bob"] as UserId[] as [UserId, UserId];
const id = "42" as ConversationId;
const anything = () => true;

describe("the cached membership of a conversation", () => {
  async function open({ isSingleInstance }: { isSingleInstance: boolean }) {
    const clock = new ManualClock();
    const documents = await slowDocuments("memory", clock);
    const create = () => new Conversations({ documents, clock, time: clock, isSingleInstance, failed: () => {} });
    const conversations = create();
    await conversations.create({ id, members: [ada, bob], public: false, createdBy: ada });
    const members = async (from = conversations) => [...((await from.membership(id, anything))?.members ?? [])];
    return { clock, conversations, another: create(), members };
  }

  it("CONV-4 a member who is removed during a read is not cached", async () => {
    const { conversations, members } = await open({ isSingleInstance: true });
    conversations.forget(id);

    const readBefore = members();
    await conversations.removeMember(id, bob);

    await readBefore;
    expect(await members()).toEqual([ada]);
  });

  it("CONV-4 a single instance keeps it until it changes, and one of several for a second", async () => {
    const alone = await open({ isSingleInstance: true });
    const among = await open({ isSingleInstance: false });

    const found = [];
    for (const { clock, another, members } of [alone, among]) {
      await another.removeMember(id, bob);
      clock.advance(1_000);
      found.push(await members());
    }

    expect(found).toEqual([[ada, bob], [ada]]);
  });

  it("CONV-4 it is read again before a user is refused", async () => {
    const { another, conversations } = await open({ isSingleInstance: true });
    const eve = "eve" as UserId;

    await another.addMembers(id, [eve]);
    const membership = await conversations.membership(id, ({ members }) => members.has(eve));

    expect(membership?.members.has(eve)).toBe(true);
  });
});
