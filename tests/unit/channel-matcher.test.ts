import { describe, expect, it } from "@jest/globals";
import { ChannelMatcher, channelsOfTopic } from "../../server/deliver/channel-matcher.ts";
import { EventType } from "../../shared/event-type.ts";
import { RoomName } from "../../shared/room.ts";
import { Topic, topicMatches } from "../../shared/topic.ts";
import { withSeeds } from "../support/random.ts";

const eventIn = (room: string, type = EventType.TaskCreated) => ({ room: RoomName.parse(room), type });
const audiencesOf = (topic: string, ...types: EventType[]) =>
  channelsOfTopic(Topic.parse(topic), types.length > 0 ? new Set(types) : undefined);

describe("the channel matcher", () => {
  it("MONITOR-1 the channels of an event are its room, and the matching patterns with subscribers", () => {
    const matcher = new ChannelMatcher();
    for (const topic of ["*", "task:*", "task:b-*", "task:b-1*", "task:b-12*", "task:c*", "stream:*"]) {
      for (const channel of audiencesOf(topic)) matcher.added(channel);
    }

    expect(matcher.channelsOf(eventIn("task:b-1"))).toEqual(["task:b-1", "*", "task:*", "task:b-*", "task:b-1*"]);
    expect(matcher.channelsOf(eventIn("alerts", EventType.AlertCreated))).toEqual(["alerts", "*"]);
    expect(matcher.channelsOf(eventIn("conversation:1", EventType.ChatMessage))).toEqual(["conversation:1"]);
  });

  it("MONITOR-1 a channel is dropped with its last subscriber", () => {
    const matcher = new ChannelMatcher();
    matcher.added("task:*");
    matcher.added("task:*");
    matcher.removed("task:*");

    expect(matcher.channelsOf(eventIn("task:1"))).toEqual(["task:1", "task:*"]);
    matcher.removed("task:*");
    expect(matcher.channelsOf(eventIn("task:1"))).toEqual(["task:1"]);
  });

  it("MONITOR-2 a subscription with types has a channel for each type that its rooms can have, or the topic for all of them", () => {
    expect(audiencesOf("task:1", EventType.TaskCreated, EventType.AlertCreated)).toEqual(["task:1#task.created"]);
    expect(audiencesOf("health", EventType.HealthUpdate, EventType.PerformanceUpdate)).toEqual(["health"]);
    expect(audiencesOf("stream:*", EventType.ChatMessage)).toEqual([]);
    expect(audiencesOf("*", EventType.StreamProgress)).toEqual(["*#stream.progress"]);
  });

  it("MONITOR-12 an event is looked up once for each length of the patterns, however many patterns there are", () => {
    const matcher = new ChannelMatcher();
    for (let i = 0; i < 10_000; i++) matcher.added(`task:${String(i).padStart(5, "0")}-*`);

    const found = matcher.channelsOf(eventIn("task:00042-build"));

    expect(found).toEqual(["task:00042-build", "task:00042-*"]);
    expect(matcher.prefixLengths).toBe(1);
  });

  it("MONITOR-1 the channels found are those whose topics match, whatever is watched", async () => {
    await withSeeds(50, (random) => {
      const part = () => Array.from({ length: random.between(1, 3) }, () => random.pick(["a", "b", "-"])).join("");
      const room = () => `${random.pick(["task", "stream"])}:a${part()}`;
      const types = [EventType.TaskCreated, EventType.TaskUpdated, EventType.StreamProgress];
      const watched = Array.from({ length: 30 }, () => {
        const topic = Topic.parse(random.chance(0.1) ? "*" : random.chance(0.6) ? `${room()}*` : room());
        return { topic, types: random.chance(0.5) ? new Set([random.pick(types)]) : undefined };
      });
      const matcher = new ChannelMatcher();
      for (const { topic, types } of watched) for (const each of channelsOfTopic(topic, types)) matcher.added(each);

      for (let i = 0; i < 50; i++) {
        const event = eventIn(room(), random.pick(types));
        const reached = new Set(matcher.channelsOf(event));
        for (const { topic, types } of watched) {
          const kindFits = event.type.startsWith(event.room.split(":")[0] ?? "");
          if (!kindFits) continue;
          const expected = topicMatches(topic, event.room) && (!types || types.has(event.type));
          expect(channelsOfTopic(topic, types).some((channel) => reached.has(channel))).toBe(expected);
        }
        expect(reached.size).toBe(matcher.channelsOf(event).length);
      }
    });
  });
});
