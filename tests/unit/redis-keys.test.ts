import { expect, it } from "@jest/globals";
import { redisKeys } from "../../server/store/redis/redis-keys.ts";
import { type LogName, monitoringLog } from "../../shared/room.ts";

it("TROUBLE-18 keys and channels have the names that earlier versions used", () => {
  const keys = redisKeys("app");
  const log = keys.log("conversation:42" as LogName);
  const [conversations, tasks] = [keys.documents("conversation"), keys.documents("task", monitoringLog)];

  expect([log.events, log.meta, log.id("k"), log.attempt("a"), log.channel]).toEqual([
    "app:{log:conversation:42}:events",
    "app:{log:conversation:42}:meta",
    "app:{log:conversation:42}:id:k",
    "app:{log:conversation:42}:try:a",
    "app:{log:conversation:42}",
  ]);
  expect([conversations.doc("42"), conversations.at, conversations.inIndex]).toEqual([
    "app:{documents}:conversation:doc:42",
    "app:{documents}:conversation:at",
    "app:{documents}:conversation:in:",
  ]);
  expect([tasks.doc("7"), tasks.at, tasks.inIndex]).toEqual([
    "app:{log:monitoring}:task:doc:7",
    "app:{log:monitoring}:task:at",
    "app:{log:monitoring}:task:in:",
  ]);
  expect([keys.leases("dispatches"), keys.latest, keys.uiEvent("k"), keys.adapter]).toEqual([
    "app:{leases}:dispatches",
    { events: "app:{latest}:events", at: "app:{latest}:at" },
    "app:ui-event:k",
    "app:adapter",
  ]);
  expect([keys.presence.base, keys.presence.heldBy("one"), keys.registry, keys.ingest("in")]).toEqual([
    "app:{presence}:",
    "app:{presence}:of:one",
    { base: "app:{registry}:", rooms: "app:{registry}:rooms" },
    { reader: "in:reader", rejected: "in:rejected" },
  ]);
});

it("TROUBLE-18 a database other than the first has channels of its own", () => {
  const log = "conversation:42" as LogName;
  const [first, second] = ["redis://host:6379/0", "rediss://user:secret@host/12"].map((url) => redisKeys("app", url));

  expect([first?.log(log).channel, first?.adapter]).toEqual(["app:{log:conversation:42}", "app:adapter"]);
  expect([second?.log(log).channel, second?.adapter]).toEqual(["app:{log:conversation:42}:12", "app:adapter:12"]);
  expect(second?.log(log).events).toBe("app:{log:conversation:42}:events");
});
