import { setTimeout as pause } from "node:timers/promises";
import { type DialectName, dialects, type Speech } from "./dialects.ts";
import { Histogram } from "./histogram.ts";
import { inPortions } from "./in-portions.ts";
import { RawClient } from "./raw-client.ts";
import { Room } from "./room.ts";

export interface FanOutLoad {
  dialect: DialectName;
  /** Of the instance that is published to, and of the one that the members are at. */
  publishPort: number;
  subscribePort: number;
  rooms: number;
  members: number;
  payloadBytes: number;
  /** Publications of a room that are under way at a time; or, with a rate, as many as it takes. */
  inFlight: number;
  /** Publications per second, over all rooms. */
  rate?: number;
  /** One more room, of so many members, whose publisher keeps so many publications under way. Its times do not count. */
  greedyMembers?: number;
  greedyInFlight?: number;
  warmupSeconds: number;
  seconds: number;
}

interface FanOutResult {
  deliveriesPerSecond: number;
  p50: number;
  p99: number;
  max: number;
  /** Publications that a member has not got, when nothing came any more. */
  missing: number;
}

/** Rooms, members who count, and one publisher a room. `measuring` is called when the measured time begins and ends. */
export async function fanOut(load: FanOutLoad, measuring: (on: boolean) => Promise<void>): Promise<FanOutResult> {
  const speech = dialects[load.dialect];
  const { greedyMembers = 0, greedyInFlight = 0 } = load;
  const calm = Array.from({ length: load.rooms }, (_, index) => `r${index}`);
  const names = greedyMembers > 0 ? ["greedy", ...calm] : calm;
  const sizeOf = (name: string) => (name === "greedy" ? greedyMembers : load.members);
  const latency = new Histogram();
  const rooms = new Map(
    names.map((name) => {
      const isGreedy = name === "greedy";
      const remembered = 4 * Math.max(1_024, isGreedy ? greedyInFlight : load.inFlight);
      return [name, new Room(sizeOf(name), isGreedy ? new Histogram() : latency, remembered)];
    }),
  );

  const publishers = await inPortions(names, (name) => openPublisher(load, speech, name));
  const seats = names.flatMap((name) => Array.from({ length: sizeOf(name) }, (_, index) => ({ name, index })));
  const members = await inPortions(seats, async ({ name, index }) => {
    // Few users with many connections each: who comes and goes is measured elsewhere.
    const at = { ...speech, path: speech.memberPath?.(name) ?? speech.path };
    const client = await RawClient.open(load.subscribePort, at, speech.auth(`u${index % 20}`, ["user"]));
    await speech.join(client, name);
    return { client, name };
  });
  await pause(1_000);
  for (const { client, name } of members) client.onEvent = rooms.get(name)?.member() ?? (() => {});

  const message = "x".repeat(load.payloadBytes);
  let stopped = false;
  const publish: ((count: number) => void)[] = publishers.map((publisher, index) => {
    const name = names[index] ?? "";
    const [event, payload] = speech.publication(name, message);
    const room = rooms.get(name);
    const send = (count: number) => {
      if (stopped || count <= 0) return;
      const frames = Array.from({ length: count }, () => publisher.frameOf(event, payload));
      for (let i = 0; i < count; i++) room?.publishes();
      publisher.write(frames.length === 1 && frames[0] ? frames[0] : Buffer.concat(frames));
    };
    if (room && (load.rate === undefined || name === "greedy")) {
      let free = 0;
      // Those of one reading go out together.
      room.onCompleted = () => {
        if (++free > 1) return;
        setImmediate(() => {
          const count = free;
          free = 0;
          send(count);
        });
      };
    }
    return send;
  });
  const calmly = publish.slice(names.length - calm.length);
  const stopRate = load.rate === undefined ? undefined : atRate(load.rate, (index) => calmly[index % calm.length]?.(1));
  if (load.rate === undefined) for (const send of calmly) send(load.inFlight);
  if (greedyMembers > 0) publish[0]?.(greedyInFlight);

  await pause(load.warmupSeconds * 1_000);
  await measuring(true);
  latency.clear();
  const before = totalOf(rooms);
  const startedAt = performance.now();
  await pause(load.seconds * 1_000);
  const seconds = (performance.now() - startedAt) / 1_000;
  const deliveries = totalOf(rooms) - before;
  const { p50, p99, max } = latency.summary;
  await measuring(false);

  stopped = true;
  stopRate?.();
  let unchanged = 0;
  for (let last = -1; unchanged < 5; await pause(200)) {
    const now = totalOf(rooms);
    unchanged = now === last ? unchanged + 1 : 0;
    last = now;
  }
  let missing = 0;
  for (const room of rooms.values()) missing += room.published - room.completed;
  for (const { client } of members) client.close();
  for (const publisher of publishers) publisher.close();
  return { deliveriesPerSecond: deliveries / seconds, p50, p99, max, missing };
}

async function openPublisher(load: FanOutLoad, speech: Speech, room: string): Promise<RawClient> {
  const at = { ...speech, path: speech.publisherPath?.(room) ?? speech.path };
  const client = await RawClient.open(load.publishPort, at, speech.auth("publisher", ["service"]));
  await speech.create(client, room);
  return client;
}

/** Calls so many times a second, in the rhythm of the timers. Returns what ends it. */
function atRate(perSecond: number, call: (index: number) => void): () => void {
  const startedAt = performance.now();
  let called = 0;
  const timer = setInterval(() => {
    const due = ((performance.now() - startedAt) / 1_000) * perSecond;
    while (called < due) call(called++);
  }, 1);
  return () => clearInterval(timer);
}

function totalOf(rooms: Map<string, Room>): number {
  let total = 0;
  for (const { deliveries } of rooms.values()) total += deliveries;
  return total;
}
