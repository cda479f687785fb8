import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Documents } from "../../server/store/documents/documents.ts";
import { updateDocument } from "../../server/store/documents/update-document.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { openStore, type TestStore as Store, stores } from "../support/stores.ts";

interface Note {
  text: string;
  tags?: string[];
}

const kind = "conversation";

const cursorOf = (json: string) => Buffer.from(json).toString("base64url");

describe.each(stores)("documents (%s)", (name) => {
  let clock: ManualClock;
  let store: Store;
  let documents: Documents;

  beforeEach(async () => {
    clock = new ManualClock();
    store = await openStore(name, { clock });
    documents = store.documents;
  });

  afterEach(() => store.close());

  const read = (id: string) => documents.get<Note>(kind, id);
  const textsOf = (items: readonly { value: Note }[]) => items.map(({ value }) => value.text);

  /** Pages through the whole index. */
  async function listAll(index: string, limit: number): Promise<string[][]> {
    const pages: string[][] = [];
    for (let cursor: string | undefined; ; ) {
      const { items, nextCursor } = await documents.list<Note>(kind, index, limit, cursor);
      pages.push(textsOf(items));
      if (nextCursor === null) return pages;
      if (pages.length === 100) throw new Error("There is no last page");
      cursor = nextCursor;
    }
  }

  it("DOCUMENT-1 a document is created only if it does not exist", async () => {
    const id = randomUUID();

    const created = await documents.put(kind, id, { text: "a" }, 0);
    const again = await documents.put(kind, id, { text: "b" }, 0);

    expect([created, again]).toEqual([true, false]);
    expect(await read(id)).toEqual({ value: { text: "a" }, version: 1 });
  });

  it("DOCUMENT-1 a document is changed only from its current version", async () => {
    const id = randomUUID();
    await documents.put(kind, id, { text: "a" }, 0);

    const fromNow = await documents.put(kind, id, { text: "b" }, 1);
    const fromThePast = await documents.put(kind, id, { text: "c" }, 1);
    const fromTheFuture = await documents.put(kind, id, { text: "d" }, 3);
    const ofNothing = await documents.put(kind, randomUUID(), { text: "e" }, 1);

    expect([fromNow, fromThePast, fromTheFuture, ofNothing]).toEqual([true, false, false, false]);
    expect(await read(id)).toEqual({ value: { text: "b" }, version: 2 });
  });

  it("DOCUMENT-1 of concurrent writers, one succeeds", async () => {
    const id = randomUUID();
    const texts = Array.from({ length: 10 }, (_, index) => `writer ${index}`);
    await documents.put(kind, id, { text: "a" }, 0);

    const won = await Promise.all(texts.map((text) => documents.put(kind, id, { text }, 1)));

    const winner = texts[won.indexOf(true)];
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await read(id)).toEqual({ value: { text: winner }, version: 2 });
  });

  it("DOCUMENT-5 concurrent updates of a document all take effect", async () => {
    const id = randomUUID();
    const writers = Array.from({ length: 100 }, (_, index) => `writer ${index}`);
    const add = (tag: string) =>
      updateDocument(documents, kind, id, (before?: Note) => ({
        value: { text: "a", tags: [...(before?.tags ?? []), tag] },
      }));

    await Promise.all(writers.map(add));

    const after = await read(id);
    expect([...(after?.value.tags ?? [])].sort()).toEqual([...writers].sort());
    expect(after?.version).toBe(100);
  });

  it("DOCUMENT-5 an update with a conflict at every attempt is refused, and nothing is written", async () => {
    const id = randomUUID();
    const faster: Promise<boolean>[] = [];

    const changed = updateDocument(documents, kind, id, () => {
      faster.push(documents.put(kind, id, { text: "faster" }, faster.length));
      return { value: { text: "late" } };
    });

    await expect(changed).rejects.toMatchObject({ error: { code: "unavailable" } });
    expect(new Set(await Promise.all(faster))).toEqual(new Set([true]));
    expect(await read(id)).toEqual({ value: { text: "faster" }, version: 50 });
  });

  it("DOCUMENT-5 nothing is written if the decision is no change or a refusal", async () => {
    const id = randomUUID();
    await documents.put(kind, id, { text: "a" }, 0);

    const kept = await updateDocument(documents, kind, id, () => undefined);
    const refused = updateDocument(documents, kind, id, () => {
      throw new Error("not this one");
    });

    await expect(refused).rejects.toThrow("not this one");
    expect(kept).toBeUndefined();
    expect(await read(id)).toEqual({ value: { text: "a" }, version: 1 });
  });

  it("DOCUMENT-1 documents of different kinds are independent", async () => {
    const id = randomUUID();
    await documents.put(kind, id, { text: "a" }, 0);

    const created = await documents.put("response", id, { text: "b" }, 0);

    expect(created).toBe(true);
    expect(await read(id)).toMatchObject({ value: { text: "a" } });
  });

  it("DOCUMENT-2 values that were read or written are copies", async () => {
    const id = randomUUID();
    const written: Note = { text: "a", tags: ["x"] };
    await documents.put(kind, id, written, 0);

    written.tags?.push("changed by the writer");
    const seen = await read(id);
    seen?.value.tags?.push("changed by a reader");

    expect((await read(id))?.value).toEqual({ text: "a", tags: ["x"] });
  });

  it("DOCUMENT-2 documents that do not exist are undefined, each in its place", async () => {
    const [one, missing, two] = [randomUUID(), randomUUID(), randomUUID()];
    await documents.put(kind, one, { text: "one" }, 0);
    await documents.put(kind, two, { text: "two" }, 0);

    const found = await documents.getMany<Note>(kind, [two, missing, one]);

    expect(await read(missing)).toBeUndefined();
    expect(found.map((document) => document?.value.text)).toEqual(["two", undefined, "one"]);
  });

  it("DOCUMENT-2 an expired document does not exist, is in no list, and can be created again", async () => {
    const [id, index] = [randomUUID(), randomUUID()];
    await documents.put(kind, id, { text: "a" }, 0, { ttlMs: 1_000, indexes: [index] });
    clock.advance(999);
    const inTime = await read(id);
    clock.advance(1);

    const late = await read(id);
    const listed = await listAll(index, 10);
    const created = await documents.put(kind, id, { text: "b" }, 0);

    expect([inTime?.value.text, late, listed, created]).toEqual(["a", undefined, [[]], true]);
    expect(await read(id)).toEqual({ value: { text: "b" }, version: 1 });
  });

  it("DOCUMENT-2 each write sets the expiry again", async () => {
    const [kept, prolonged] = [randomUUID(), randomUUID()];
    await documents.put(kind, kept, { text: "a" }, 0, { ttlMs: 1_000 });
    await documents.put(kind, prolonged, { text: "b" }, 0, { ttlMs: 1_000 });

    await documents.put(kind, kept, { text: "a" }, 1);
    await documents.put(kind, prolonged, { text: "b" }, 1, { ttlMs: 2_000 });
    clock.advance(1_500);
    const then = [await read(kept), await read(prolonged)];
    clock.advance(1_500);
    const later = [await read(kept), await read(prolonged)];

    expect(then.map((document) => document?.value.text)).toEqual(["a", "b"]);
    expect(later.map((document) => document?.value.text)).toEqual(["a", undefined]);
  });

  it("DOCUMENT-3 an index lists its documents by latest activity", async () => {
    const index = randomUUID();
    const ids = { a: randomUUID(), b: randomUUID(), c: randomUUID() };
    for (const [text, id] of Object.entries(ids)) {
      await documents.put(kind, id, { text }, 0, { indexes: [index] });
      clock.advance(10);
    }
    const asCreated = await listAll(index, 10);

    await documents.touch(kind, ids.b, clock.now());
    await documents.touch(kind, randomUUID(), clock.now());

    expect(asCreated).toEqual([["c", "b", "a"]]);
    expect(await listAll(index, 10)).toEqual([["b", "c", "a"]]);
  });

  it("DOCUMENT-3 a write does not count as activity", async () => {
    const index = randomUUID();
    const [older, newer] = [randomUUID(), randomUUID()];
    await documents.put(kind, older, { text: "older" }, 0, { indexes: [index] });
    clock.advance(10);
    await documents.put(kind, newer, { text: "newer" }, 0, { indexes: [index] });
    clock.advance(10);

    await documents.put(kind, older, { text: "older, changed" }, 1);

    expect(await listAll(index, 10)).toEqual([["newer", "older, changed"]]);
  });

  it.each([1, 2, 3, 7, 8])("DOCUMENT-3 pages of %d neither repeat nor omit a document", async (limit) => {
    const index = randomUUID();
    const texts = ["a", "b", "c", "d", "e", "f", "g"];
    // Several of the same moment, so that page boundaries fall between equals.
    for (const [number, text] of texts.entries()) {
      if (number % 3 === 0) clock.advance(1);
      await documents.put(kind, randomUUID(), { text }, 0, { indexes: [index] });
    }

    const pages = await listAll(index, limit);

    expect(pages.flat().sort()).toEqual(texts);
    expect(pages.slice(0, -1).every((page) => page.length === limit)).toBe(true);
    expect(pages.flat()[0]).toBe("g");
  });

  it("DOCUMENT-3 changed indexes take effect with the write, and are kept if none are given", async () => {
    const id = randomUUID();
    const [old, both, fresh] = [randomUUID(), randomUUID(), randomUUID()];
    await documents.put(kind, id, { text: "a" }, 0, { indexes: [old, both] });

    await documents.put(kind, id, { text: "b" }, 1, { indexes: [both, fresh] });
    await documents.put(kind, id, { text: "c" }, 2);
    await documents.put(kind, id, { text: "lost the race" }, 2, { indexes: [old] });

    expect(await Promise.all([old, both, fresh].map((index) => listAll(index, 10)))).toEqual([[[]], [["c"]], [["c"]]]);
  });

  it("DOCUMENT-3 an index without documents is empty", async () => {
    const page = await documents.list(kind, randomUUID(), 10);

    expect(page).toEqual({ items: [], nextCursor: null });
  });

  it.each([
    ["nothing", ""],
    ["no base64", "§§§"],
    ["text", "hello"],
    ["no number", cursorOf('["then","id"]')],
    ["no id", cursorOf("[12]")],
    ["an empty id", cursorOf('[12,""]')],
    ["a number that is too long", cursorOf(`[${"9".repeat(17)},"id"]`)],
    ["more than a place", cursorOf('[12,"id",1]')],
  ])("DOCUMENT-4 a cursor that is %s is refused", async (_what, cursor) => {
    const listing = documents.list(kind, randomUUID(), 10, cursor);

    await expect(listing).rejects.toMatchObject({ name: "Rejection", error: { code: "invalid_payload" } });
  });

  it("DOCUMENT-4 a cursor is valid even if its document no longer exists", async () => {
    const index = randomUUID();
    await documents.put(kind, randomUUID(), { text: "a" }, 0, { indexes: [index] });
    clock.advance(1);
    await documents.put(kind, randomUUID(), { text: "b" }, 0, { indexes: [index], ttlMs: 1_000 });
    const { nextCursor } = await documents.list<Note>(kind, index, 1);
    clock.advance(1_000);

    const { items } = await documents.list<Note>(kind, index, 10, nextCursor ?? "none");

    expect(textsOf(items)).toEqual(["a"]);
  });
});
