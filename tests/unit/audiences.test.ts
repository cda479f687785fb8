import { describe, expect, it } from "@jest/globals";
import { Audiences, audiencesOfTopic } from "../../server/deliver/channel-matcher.ts";
import { EventType } from "../../shared/event-type.ts";
import { RoomName } from "../../shared/room.ts";
import { Topic, topicMatches } from "../../shared/topic.ts";
import { withSeeds } from "../support/random.ts";

const eventIn = (room: string, type = EventType.TaskCreated) => ({ room: RoomName.parse(room), type });
const audiencesOf = (topic: string, ...types: EventType[]) =>
  audiencesOfTopic(Topic.parse(topic), types.length > 0 ? new Set(types) : undefined);

describe("audiences", () => {
  it("MONITOR-1 of an event are its room, and the patterns that match and are watched", () => {
    const audiences = new Audiences();
    for (const topic of ["*", "task:*", "task:b-*", "task:b-1*", "task:b-12*", "task:c*", "stream:*"]) {
      for (const audience of audiencesOf(topic)) audiences.entered(audience);
    }

    expect(audiences.of(eventIn("task:b-1"))).toEqual(["task:b-1", "*", "task:*", "task:b-*", "task:b-1*"]);
    expect(audiences.of(eventIn("alerts", EventType.AlertCreated))).toEqual(["alerts", "*"]);
    expect(audiences.of(eventIn("conversation:1", EventType.ChatMessage))).toEqual(["conversation:1"]);
  });

  it("MONITOR-1 are forgotten with the last who watches", () => {
    const audiences = new Audiences();
    audiences.entered("task:*");
    audiences.entered("task:*");
    audiences.left("task:*");

    expect(audiences.of(eventIn("task:1"))).toEqual(["task:1", "task:*"]);
    audiences.left("task:*");
    expect(audiences.of(eventIn("task:1"))).toEqual(["task:1"]);
  });

  it("MONITOR-2 of a subscription with types are those that its rooms can have, or the topic for all of them", () => {
    expect(audiencesOf("task:1", EventType.TaskCreated, EventType.AlertCreated)).toEqual(["task:1#task.created"]);
    expect(audiencesOf("health", EventType.HealthUpdate, EventType.PerformanceUpdate)).toEqual(["health"]);
    expect(audiencesOf("stream:*", EventType.ChatMessage)).toEqual([]);
    expect(audiencesOf("*", EventType.StreamProgress)).toEqual(["*#stream.progress"]);
  });

  it("MONITOR-12 that an event is looked up in are as many as there are lengths, however many patterns", () => {
    const audiences = new Audiences();
    for (let i = 0; i < 10_000; i++) audiences.entered(`task:${String(i).padStart(5, "0")}-*`);

    const found = audiences.of(eventIn("task:00042-build"));

    expect(found).toEqual(["task:00042-build", "task:00042-*"]);
    expect(audiences.lengths).toBe(1);
  });

  it("MONITOR-1 are those whose topics match, whatever is watched", async () => {
    await withSeeds(50, (random) => {
      const part = () => Array.from({ length: random.between(1, 3) }, () => random.pick(["a", "b", "-"])).join("");
      const room = () => `${random.pick(["task", "stream"])}:a${part()}`;
      const types = [EventType.TaskCreated, EventType.TaskUpdated, EventType.StreamProgress];
      const watched = Array.from({ length: 30 }, () => {
        const topic = Topic.parse(random.chance(0.1) ? "*" : random.chance(0.6) ? `${room()}*` : room());
        return { topic, types: random.chance(0.5) ? new Set([random.pick(types)]) : undefined };
      });
      const audiences = new Audiences();
      for (const { topic, types } of watched)
        for (const each of audiencesOfTopic(topic, types)) audiences.entered(each);

      for (let i = 0; i < 50; i++) {
        const event = eventIn(room(), random.pick(types));
        const reached = new Set(audiences.of(event));
        for (const { topic, types } of watched) {
          const kindFits = event.type.startsWith(event.room.split(":")[0] ?? "");
          if (!kindFits) continue;
          const expected = topicMatches(topic, event.room) && (!types || types.has(event.type));
          expect(audiencesOfTopic(topic, types).some((audience) => reached.has(audience))).toBe(expected);
        }
        expect(reached.size).toBe(audiences.of(event).length);
      }
    });
  });
});
