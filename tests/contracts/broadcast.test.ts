import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { BroadcastMessage } from "../../server/deliver/broadcast.ts";
import type { UserId } from "../../shared/ids.ts";
import { messageEnvelope } from "../support/envelopes.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { openStore, type TestStore as Store, stores } from "../support/stores.ts";
import { eventually } from "../support/within.ts";

const tell = (data: unknown): BroadcastMessage => ({ kind: "tell", userId: "ada" as UserId, name: "note", data });

describe.each(stores)("broadcast (%s)", (name) => {
  let store: Store;

  beforeEach(async () => {
    store = await openStore(name, { clock: new ManualClock() });
  });

  afterEach(() => store.close());

  /** What a new listener hears. */
  function listen(): BroadcastMessage[] {
    const heard: BroadcastMessage[] = [];
    store.broadcast.listen((message) => heard.push(message));
    return heard;
  }

  it("CAST-1 every listener hears every message, in the order in which it was sent", async () => {
    const [one, two] = [listen(), listen()];
    const messages = Array.from({ length: 100 }, (_, index) => tell(index));

    for (const message of messages) store.broadcast.send(message);
    await eventually(() => one.length >= 100 && two.length >= 100, "every message");

    expect(one).toEqual(messages);
    expect(two).toEqual(messages);
  });

  it("CAST-1 a message arrives as it was sent", async () => {
    const heard = listen();
    const messages: BroadcastMessage[] = [
      { kind: "event", event: messageEnvelope("hello") },
      tell({ nested: [1, null, "two"] }),
    ];

    for (const message of messages) store.broadcast.send(message);
    await eventually(() => heard.length >= 2, "both messages");

    expect(heard).toEqual(messages);
  });

  it("CAST-1 what a listener sends comes after what it heard, for every listener", async () => {
    store.broadcast.listen((message) => {
      if (message.kind === "tell" && message.data === "question") store.broadcast.send(tell("answer"));
    });
    const heard = listen();

    store.broadcast.send(tell("question"));
    await eventually(() => heard.length >= 2, "both messages");

    expect(heard).toEqual([tell("question"), tell("answer")]);
  });
});
