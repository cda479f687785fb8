import { describe, expect, it } from "@jest/globals";
import type { Batch } from "../../server/deliver/batch.ts";
import { FlushScheduler, Outbox } from "../../server/deliver/outbox.ts";
import { SubscriberIndex } from "../../server/deliver/subscriber-index.ts";
import { TextFrame } from "../../server/deliver/text-frame.ts";
import type { Failed } from "../../server/runtime/failed.ts";
import { eventually, nextTurn } from "../support/within.ts";

const failed: Failed = (operation, error) => {
  throw new Error(`could not ${operation}`, { cause: error });
};

/** A connection that keeps what was written to it, write by write. */
function open(scheduler: FlushScheduler): { outbox: Outbox; writes: Batch[]; texts(): string[][] } {
  const writes: Batch[] = [];
  const outbox = new Outbox(scheduler, { write: (batch) => void writes.push(batch), abort() {} });
  return { outbox, writes, texts: () => writes.map(({ frames }) => frames.map(({ text }) => text)) };
}

describe("an outbox", () => {
  it("FAN-12 a connection that cannot be written to is closed, and the ones after it are written to", async () => {
    const operations: string[] = [];
    const scheduler = new FlushScheduler({ coalesceMs: 0, failed: (operation) => void operations.push(operation) });
    const fault = () => {
      throw new Error("gone");
    };
    let aborted = 0;
    const broken = [
      new Outbox(scheduler, { write: fault, abort: () => void aborted++ }),
      new Outbox(scheduler, { write: fault, abort: fault }),
    ];
    const ada = open(scheduler);

    for (const outbox of [...broken, ada.outbox]) outbox.put(new TextFrame("event"));
    await nextTurn();
    for (const outbox of [...broken, ada.outbox]) outbox.put(new TextFrame("another"));
    await nextTurn();

    expect(ada.texts()).toEqual([["event"], ["another"]]);
    expect(broken.map(({ size }) => size)).toEqual([0, 0]);
    expect(aborted).toBe(1);
    expect(operations).toHaveLength(3);
  });

  it("FAN-1 the frames of one turn are written once, in order", async () => {
    const scheduler = new FlushScheduler({ coalesceMs: 0, failed });
    const ada = open(scheduler);

    ada.outbox.put(new TextFrame("event"));
    ada.outbox.send(new TextFrame("reply"));
    await Promise.resolve();
    ada.outbox.put(new TextFrame("another event"));
    expect(ada.writes).toEqual([]);
    await nextTurn();
    ada.outbox.put(new TextFrame("of the next turn"));
    await nextTurn();

    expect(ada.texts()).toEqual([["event", "reply", "another event"], ["of the next turn"]]);
  });

  it("FAN-1 connections with the same frames share the bytes, and those with more have their own", async () => {
    const scheduler = new FlushScheduler({ coalesceMs: 0, failed });
    const receivers = new SubscriberIndex();
    const [ada, bob, eve] = [open(scheduler), open(scheduler), open(scheduler)];
    for (const { outbox } of [ada, bob, eve]) receivers.join("room", outbox);

    receivers.fanOut(["room"], () => new TextFrame("one"));
    eve.outbox.send(new TextFrame("reply"));
    receivers.fanOut(["room"], () => new TextFrame("two"));
    await nextTurn();

    expect(ada.writes[0]?.bytes).toBe(bob.writes[0]?.bytes);
    expect(ada.texts()).toEqual([["one", "two"]]);
    expect(eve.texts()).toEqual([["one", "reply", "two"]]);
    expect(String(eve.writes[0]?.bytes)).toMatch(/one.*reply.*two/s);
  });

  it("FAN-1 more than fits into one write is written before the turn ends", () => {
    const scheduler = new FlushScheduler({ coalesceMs: 0, failed });
    const ada = open(scheduler);
    const large = new TextFrame("x".repeat(100_000));

    for (let index = 0; index < 7; index++) ada.outbox.put(large);

    expect(ada.texts().map(({ length }) => length)).toEqual([3, 3]);
    expect(ada.outbox.size).toBe(100_000);
  });

  it("FAN-3 an event for several channels is put once into an outbox that is in more than one of them", async () => {
    const scheduler = new FlushScheduler({ coalesceMs: 0, failed });
    const receivers = new SubscriberIndex();
    const [ada, bob] = [open(scheduler), open(scheduler)];
    receivers.join("a", ada.outbox);
    receivers.join("b", ada.outbox);
    receivers.join("b", bob.outbox);
    const huge = "x".repeat(300_000);

    receivers.fanOut(["a", "b", "nobody's"], () => new TextFrame("once"));
    // Is written at once, and is not to come again all the same.
    receivers.fanOut(["a", "b"], () => new TextFrame(huge));
    receivers.leave("b", bob.outbox);
    receivers.fanOut(["b"], () => new TextFrame("after bob has left"));
    await nextTurn();

    expect(ada.texts().flat()).toEqual(["once", huge, "after bob has left"]);
    expect(bob.texts().flat()).toEqual(["once", huge]);
  });

  it("FAN-3 no frame is made of an event without receivers here", () => {
    const receivers = new SubscriberIndex();

    const post = () =>
      receivers.fanOut(["room"], () => {
        throw new Error("made");
      });

    expect(post).not.toThrow();
  });

  it("FAN-9 events are collected for the configured time, and a reply takes them along at the end of its turn", async () => {
    const scheduler = new FlushScheduler({ coalesceMs: 60_000, failed });
    const [ada, bob] = [open(scheduler), open(scheduler)];

    ada.outbox.put(new TextFrame("event"));
    bob.outbox.put(new TextFrame("event"));
    await nextTurn();
    ada.outbox.send(new TextFrame("reply"));
    await nextTurn();
    const beforeTheEnd = [ada.texts(), bob.texts()];
    scheduler.flush();

    expect(beforeTheEnd).toEqual([[["event", "reply"]], []]);
    expect(bob.texts()).toEqual([["event"]]);
  });

  it("FAN-9 collected events are written when the time is over", async () => {
    const scheduler = new FlushScheduler({ coalesceMs: 5, failed });
    const ada = open(scheduler);

    for (const text of ["a", "b"]) {
      ada.outbox.put(new TextFrame(text));
      await eventually(() => ada.outbox.size === 0, "an empty outbox");
    }

    expect(ada.texts()).toEqual([["a"], ["b"]]);
  });

  it("FAN-1 frames that are left when the connection ends are dropped", async () => {
    const scheduler = new FlushScheduler({ coalesceMs: 0, failed });
    const ada = open(scheduler);

    ada.outbox.put(new TextFrame("event"));
    ada.outbox.close();
    ada.outbox.put(new TextFrame("another"));
    await nextTurn();

    expect(ada.writes).toEqual([]);
  });
});

describe("a frame", () => {
  it.each([
    ["", 2],
    ["a".repeat(125), 2],
    ["a".repeat(126), 4],
    ["ä".repeat(63), 4],
    ["a".repeat(65_535), 4],
    ["€".repeat(21_846), 10],
  ])("FAN-6 its bytes begin with their length (%#)", (text, start) => {
    const { bytes } = new TextFrame(text);

    const length = Buffer.byteLength(text);
    const said = { 2: () => bytes[1], 4: () => bytes.readUInt16BE(2), 10: () => Number(bytes.readBigUInt64BE(2)) };
    expect(bytes.length).toBe(start + length);
    expect(said[start as keyof typeof said]()).toBe(length);
    expect(bytes.toString("utf8", start)).toBe(text);
  });
});
