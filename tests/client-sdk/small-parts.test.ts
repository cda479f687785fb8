import { describe, expect, it } from "@jest/globals";
import { createMessage } from "../../client-sdk/bus/create-message.ts";
import { createMessageBus } from "../../client-sdk/bus/message-bus.ts";
import { createMemoryStore } from "../../client-sdk/connection/host-environment.ts";
import { serverUrl, socketPathOf } from "../../client-sdk/connection/server-url.ts";
import { createLogger, isDebugged, type LogLevel } from "../../client-sdk/log/logger.ts";
import { topicMatches } from "../../client-sdk/monitoring/subscription.ts";
import { comparePosition } from "../../client-sdk/rooms/compare-position.ts";
import { createDeduplicator } from "../../client-sdk/rooms/deduplicator.ts";
import { createPositions } from "../../client-sdk/rooms/positions.ts";
import { commandPolicies } from "../../client-sdk/sending/command-policies.ts";
import { commands } from "../../shared/commands/catalogue.ts";
import { namespaces } from "../../shared/namespace.ts";
import type { RoomName } from "../../shared/room.ts";
import { type Topic, topicMatches as topicMatchesOnServer } from "../../shared/topic.ts";

describe("the message bus", () => {
  it("SDK-4 subscribers of a type get its messages, in the order of subscription", () => {
    const bus = createMessageBus();
    const heard: string[] = [];
    for (const pattern of ["*", "control.*", "control.stop", "data.widget.*", "control"]) {
      bus.subscribe(pattern, ({ type }) => heard.push(`${pattern} ${type}`));
    }

    bus.publish({ type: "control.stop" });
    bus.publish({ type: "data.widget.moved" });
    bus.publish({ type: "data.other" });

    expect(heard).toEqual([
      "* control.stop",
      "control.* control.stop",
      "control.stop control.stop",
      "* data.widget.moved",
      "data.widget.* data.widget.moved",
      "* data.other",
    ]);
  });

  it("SDK-4 a once-handler is called once, and no handler after it has unsubscribed", () => {
    const bus = createMessageBus();
    const heard: string[] = [];
    bus.subscribeOnce("task.*", ({ type }) => heard.push(`once ${type}`));
    const unsubscribe = bus.subscribe("task.*", ({ type }) => heard.push(type));

    bus.publish({ type: "task.created" });
    unsubscribe();
    unsubscribe();
    bus.publish({ type: "task.updated" });

    expect(heard).toEqual(["once task.created", "task.created"]);
  });

  it("SDK-4 the bus works if a handler throws, unsubscribes others, or publishes", () => {
    const failures: unknown[] = [];
    const bus = createMessageBus((error) => failures.push(error));
    const heard: string[] = [];
    bus.subscribe("a", () => {
      throw new Error("a handler's own");
    });
    bus.subscribe("a", () => cancelLast());
    bus.subscribe("a", () => bus.publish({ type: "b" }));
    bus.subscribe("b", () => heard.push("b"));
    const cancelLast = bus.subscribe("a", () => heard.push("cancelled"));

    bus.publish({ type: "a" });

    expect(failures).toHaveLength(1);
    expect(heard).toEqual(["b"]);
  });

  it.each(["", "*.a", "a.*.b", "**"])("SDK-4 the pattern %j is not accepted", (pattern) => {
    const bus = createMessageBus();

    expect(() => bus.subscribe(pattern, () => {})).toThrow(TypeError);
  });

  it("SDK-4 messages have an id of their own, or the given one", () => {
    const first = createMessage("note", { text: "hello" });
    const second = createMessage("note", null, { id: "n-1", correlationId: "c-1" });

    expect(first).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      type: "note",
      payload: { text: "hello" },
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      correlationId: null,
    });
    expect(second).toMatchObject({ id: "n-1", correlationId: "c-1" });
  });
});

describe("the logger", () => {
  const lines: string[] = [];
  const write = (_level: LogLevel, line: string) => void lines.push(line);
  const now = () => 0;

  it("SDK-5 it writes time, level and component, from its level on", () => {
    lines.length = 0;
    const logger = createLogger({ level: "info", write, now, debug: "" }).for("connection");

    logger.debug("too small");
    logger.info("opened");
    logger.error("failed");

    expect(lines).toEqual([
      "1970-01-01T00:00:00.000Z [INFO] [CONNECTION] opened",
      "1970-01-01T00:00:00.000Z [ERROR] [CONNECTION] failed",
    ]);
  });

  it("SDK-5 it writes all levels of the components named in debug", () => {
    lines.length = 0;
    const logger = createLogger({ level: "silent", write, now, debug: "other, protocol:* -protocol:rooms" });

    logger.for("connection").debug("seen");
    logger.for("rooms").debug("not seen");

    expect(lines).toEqual(["1970-01-01T00:00:00.000Z [DEBUG] [CONNECTION] seen"]);
    expect(isDebugged("rooms", "protocol:rooms")).toBe(true);
    expect(isDebugged("rooms", "rooms")).toBe(false);
  });
});

describe("the client's knowledge of the contract", () => {
  it.each(namespaces)("SDK-6 there is a policy for each command of %s, and for no other", (namespace) => {
    expect(Object.keys(commandPolicies[namespace]).sort()).toEqual(Object.keys(commands[namespace]).sort());
  });

  it.each([
    ["task:1", "task:1"],
    ["task:1", "task:11"],
    ["task:*", "task:1"],
    ["task:build-*", "task:build-7"],
    ["task:build-*", "task:test-7"],
    ["*", "alerts"],
    ["stream:*", "task:1"],
  ])("SDK-6 %s and %s match as on the server", (topic, room) => {
    expect(topicMatches(topic, room)).toBe(topicMatchesOnServer(topic as Topic, room as RoomName));
  });

  it.each([
    [{ epoch: "a", offset: 6 }, true, "next"],
    [{ epoch: "a", offset: 5 }, true, "duplicate"],
    [{ epoch: "a", offset: 1 }, false, "duplicate"],
    [{ epoch: "a", offset: 7 }, true, "gap"],
    [{ epoch: "a", offset: 7 }, false, "next"],
    [{ epoch: "b", offset: 6 }, true, "other_epoch"],
  ] as const)("SDK-7 after offset 5 of epoch a, %j (whole log: %s) is %s", (position, isWhole, place) => {
    expect(comparePosition({ epoch: "a", offset: 5 }, position, isWhole)).toBe(place);
  });

  it("SDK-7 positions are stored by client and name, and invalid ones are ignored", () => {
    const store = createMemoryStore();
    const positions = createPositions(store, "mine");
    const others = createPositions(store, "others");

    positions.set("room", { epoch: "e", offset: 7 });
    store.set("signalbox:mine:broken", "{}");

    expect(positions.get("room")).toEqual({ epoch: "e", offset: 7 });
    expect(others.get("room")).toBeUndefined();
    expect(positions.get("broken")).toBeUndefined();
    positions.delete("room");
    expect(positions.get("room")).toBeUndefined();
  });

  it("SDK-7 an event is delivered once; the number of remembered events is limited", () => {
    const once = createDeduplicator();

    const first = Array.from({ length: 2_001 }, (_, index) => once(String(index)));

    expect(first.every(Boolean)).toBe(true);
    expect(once("2000")).toBe(false);
    expect(once("0")).toBe(true);
  });

  it.each([
    ["http://localhost:8000", "http://localhost:8000", "/socket.io"],
    ["https://example.com/", "https://example.com", "/socket.io"],
    ["https://example.com/rt", "https://example.com/rt", "/rt/socket.io"],
    ["https://example.com/tools/rt/", "https://example.com/tools/rt", "/tools/rt/socket.io"],
    ["wss://example.com/rt", "https://example.com/rt", "/rt/socket.io"],
  ])("SDK-30 %s is %s, with Socket.IO at %s", (url, base, path) => {
    expect([serverUrl(url), socketPathOf(serverUrl(url), "/socket.io")]).toEqual([base, path]);
  });

  it("SDK-30 a Socket.IO path that includes the server's path already is accepted", () => {
    expect(socketPathOf("https://example.com/rt", "/rt/live")).toBe("/rt/live");
    expect(socketPathOf("https://example.com/rt", "/rtlive")).toBe("/rt/rtlive");
  });

  it.each([
    undefined,
    "",
    "example.com",
    "localhost:8000",
    "ftp://example.com",
    "https://example.com/?a=b",
    "https://example.com/#a",
  ])("SDK-30 %p is refused", (url) => {
    expect(() => serverUrl(url)).toThrow(TypeError);
  });
});
