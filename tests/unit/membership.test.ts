import { describe, expect, it } from "@jest/globals";
import { Conversations } from "../../server/conversations/conversations.ts";
import type { ConversationId, UserId } from "../../shared/ids.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { slowDocuments } from "../support/slow-documents.ts";

const [ada, bob] = ["ada", "bob"] as UserId[] as [UserId, UserId];
const id = "42" as ConversationId;
const anything = () => true;

describe("who belongs to a conversation", () => {
  async function open({ isSingleInstance }: { isSingleInstance: boolean }) {
    const clock = new ManualClock();
    const documents = await slowDocuments("memory", clock);
    const create = () => new Conversations({ documents, clock, isSingleInstance });
    const conversations = create();
    await conversations.create({ id, members: [ada, bob], public: false, createdBy: ada });
    const members = async (from = conversations) => [...((await from.membership(id, anything))?.members ?? [])];
    return { clock, conversations, another: create(), members };
  }

  it("CONV-4 who is removed while it is being read is no member afterwards", async () => {
    const { conversations, members } = await open({ isSingleInstance: true });
    conversations.forget(id);

    const readBefore = members();
    await conversations.removeMember(id, bob);

    await readBefore;
    expect(await members()).toEqual([ada]);
  });

  it("CONV-4 is known for ever to an instance that is alone, and for a second to one of several", async () => {
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

  it("CONV-4 is looked up again for somebody who would be refused", async () => {
    const { another, conversations } = await open({ isSingleInstance: true });
    const eve = "eve" as UserId;

    await another.addMembers(id, [eve]);
    const membership = await conversations.membership(id, ({ members }) => members.has(eve));

    expect(membership?.members.has(eve)).toBe(true);
  });
});
