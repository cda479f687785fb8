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

  it("CAST-1 every listener receives every message, in the order of sending", async () => {
    const [one, two] = [listen(), listen()];
    const messages = Array.from({ length: 100 }, (_, index) => tell(index));

    for (const message of messages) store.broadcast.send(message);
    await eventually(() => one.length >= 100 && two.length >= 100, "every message");

    expect(one).toEqual(messages);
    expect(two).toEqual(messages);
  });

  it("CAST-1 a message arrives unchanged", async () => {
    const heard = listen();
    const messages: BroadcastMessage[] = [
      { kind: "event", event: messageEnvelope("hello") },
      tell({ nested: [1, null, "two"] }),
    ];

    for (const message of messages) store.broadcast.send(message);
    await eventually(() => heard.length >= 2, "both messages");

    expect(heard).toEqual(messages);
  });

  it("CAST-1 a message that a listener sends arrives after the one that it received, at every listener", async () => {
    store.broadcast.listen((message) => {
      if (message.kind === "tell" && message.data === "question") store.broadcast.send(tell("answer"));
    });
    const heard = listen();

    store.broadcast.send(tell("question"));
    await eventually(() => heard.length >= 2, "both messages");

    expect(heard).toEqual([tell("question"), tell("answer")]);
  });
});
