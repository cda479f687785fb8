import { describe, expect, it } from "@jest/globals";
import { Outbox, type OutgoingCommand } from "../../client-sdk/sending/outbox.ts";
import type { SignalboxError } from "../../client-sdk/signalbox-error.ts";
import type { Link } from "../../client-sdk/transport/transport.ts";
import { type ErrorCode, errorCodes } from "../../shared/error-code.ts";
import { type Reply, replyError } from "../../shared/reply.ts";
import { createTestTime } from "./test-time.ts";

/** The wire: what was put on it, and how it is answered. */
function createWire() {
  const sent: { name: string; payload: unknown; answer: (reply: Reply<unknown>) => void }[] = [];
  const link = (): Link => ({
    via: "websocket",
    command: (_namespace, name, payload, answer) => void sent.push({ name, payload, answer }),
    close: () => {},
  });
  return { sent, link, payloads: () => sent.map(({ payload }) => payload) };
}

function setUp(capacity = 10) {
  const time = createTestTime();
  const wire = createWire();
  const outbox = new Outbox({ environment: time.environment, capacity, answerTimeoutMs: 20_000 });
  const ends: string[] = [];
  const give = (payload: unknown, changes: Partial<OutgoingCommand> = {}) => {
    outbox.send({ namespace: "/chat", name: "chat_message", payload, policy: "retry", ...changes }).then(
      (data) => ends.push(`${payload}: ${data}`),
      ({ code, outcome }: SignalboxError) => ends.push(`${payload}: ${code} ${outcome}`),
    );
  };
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
  return { ...time, ...wire, outbox, ends, give, settled };
}

const good = (data: unknown): Reply<unknown> => ({ ok: true, data });
const bad = (code: ErrorCode, details?: unknown): Reply<unknown> => ({
  ok: false,
  error: replyError(code, "no", details),
});

describe("commands in the queue", () => {
  it("SDK-13 they wait for a connection, and are rejected as not sent if there will be none", async () => {
    const { outbox, give, ends, sent, settled } = setUp();

    give("a");
    give("volatile", { policy: "volatile" });
    const before = sent.length;
    outbox.close();
    give("late");
    await settled();

    expect(before).toBe(0);
    expect(ends).toEqual(["volatile: unavailable not_sent", "a: unavailable not_sent", "late: unavailable not_sent"]);
  });

  it("SDK-13 their number is limited", async () => {
    const { give, ends, settled, outbox } = setUp(2);

    for (const payload of ["a", "b", "c"]) give(payload);
    await settled();

    expect(ends).toEqual(["c: limit_exceeded not_sent"]);
    expect(outbox.size).toBe(2);
  });

  it("SDK-13 when the connection ends, they are resent if that is safe, and otherwise rejected as unknown", async () => {
    const { outbox, link, give, payloads, ends, settled, sent } = setUp();
    outbox.attach(link());
    give("retry");
    give("once", { policy: "once" });
    give("volatile", { policy: "volatile" });

    outbox.detach();
    // The answer of a connection that is no more.
    sent[0]?.answer(good("stale"));
    outbox.attach(link());
    sent[3]?.answer(good("kept"));
    await settled();

    expect(payloads()).toEqual(["retry", "once", "volatile", "retry"]);
    expect(ends).toEqual(["once: timeout unknown", "volatile: timeout unknown", "retry: kept"]);
  });

  it("SDK-13 commands of one key are sent one after another, so that a retry is not overtaken", async () => {
    const { outbox, link, give, payloads, ends, settled, sent, advance } = setUp();
    outbox.attach(link());
    for (const payload of ["a", "b"]) give(payload, { key: "conversation:42" });
    give("other", { key: "conversation:43" });

    sent[0]?.answer(bad("rate_limited", { retryAfterMs: 700 }));
    give("c", { key: "conversation:42" });
    advance(699);
    const early = payloads();
    advance(1);
    for (const index of [2, 3, 4]) sent[index]?.answer(good(index));
    await settled();

    expect(early).toEqual(["a", "other"]);
    expect(payloads()).toEqual(["a", "other", "a", "b", "c"]);
    expect(ends).toEqual(["a: 2", "b: 3", "c: 4"]);
  });

  it.each(Object.keys(errorCodes) as ErrorCode[])(
    "SDK-13 a command that is refused as %s is resent or not",
    async (code) => {
      const { outbox, link, give, payloads, ends, settled, sent, advance } = setUp();
      const { retryable } = errorCodes[code];
      const isUnaccepted = code === "rate_limited" || code === "unavailable";
      outbox.attach(link());
      give("retry");
      give("once", { policy: "once" });

      for (const { answer } of [...sent]) answer(bad(code));
      advance(5_000);
      await settled();

      expect(payloads().slice(2)).toEqual([...(retryable ? ["retry"] : []), ...(isUnaccepted ? ["once"] : [])]);
      expect(ends).toEqual([
        ...(retryable ? [] : [`retry: ${code} rejected`]),
        ...(isUnaccepted ? [] : [`once: ${code} rejected`]),
      ]);
    },
  );

  it("SDK-13 a command without a reply is resent for as long as the server remembers its id", async () => {
    const { outbox, link, give, payloads, ends, settled, advance } = setUp();
    outbox.attach(link());
    give("retry");
    give("once", { policy: "once" });

    for (let seconds = 0; seconds < 600; seconds += 5) advance(5_000);
    await settled();

    expect(payloads().length).toBeGreaterThan(20);
    expect(ends).toEqual(["once: timeout unknown", "retry: timeout unknown"]);
    expect(outbox.size).toBe(0);
  });
});
