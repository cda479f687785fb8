import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Histogram } from "../load/histogram.ts";
import { inPortions } from "../load/in-portions.ts";
import { plotOf } from "../report/plot.ts";
import { type RunningPeer, startPeer } from "../run/peers.ts";
import { Follower } from "./follower.ts";
import { Publisher } from "./publisher.ts";
import { type Trend, trendOf } from "./trend.ts";

// A server over Redis, for as long as is asked for, under a load that never changes while the people do: does it grow?

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    connections: { type: "string", default: "2000" },
    /** Connections a second that end, and are followed by others. */
    churn: { type: "string", default: "50" },
    /** Deliveries a second. */
    deliveries: { type: "string", default: "2000" },
    /** Puts the picture into docs/. */
    document: { type: "boolean", default: false },
  },
});
const minutes = Number(values.minutes);
const count = Number(values.connections);
const churn = Number(values.churn);
const deliveries = Number(values.deliveries);

const members = 20;
/** Half of those who leave come back, and have missed something; the others are never seen again. */
const backAfterMs = 500;
const sampleEveryMs = Math.min(30_000, minutes * 2_000);
/** Caches and logs fill in the first third; what grows after that does not stop. */
const settled = 1 / 3;

/** How things stand at a moment, in the units of the picture. */
interface Sample {
  minute: number;
  heapMegabytes: number;
  rssMegabytes: number;
  redisMegabytes: number;
  /** Sockets, pipes, files. */
  descriptors: number;
  /** What keeps the event loop alive: sockets, timers, requests. */
  resources: number;
  cpuPercent: number;
  deliveredP99: number;
  acceptedP99: number;
}

const violations: string[] = [];
const violated = (what: string) => {
  violations.push(what);
  if (violations.length <= 20) console.error(what);
};
const delivered = new Histogram();
const totals = { delivered: 0, resumed: 0, connections: 0, refusedJoins: 0, cutOff: 0 };
const rooms = Array.from({ length: Math.ceil(count / members) }, (_, index) => `soak-${index}`);

function newcomer(port: number, room: string): Follower {
  const received = (timestamp: string) => {
    totals.delivered++;
    delivered.add(Date.now() - Date.parse(timestamp));
  };
  const one = new Follower({ port, room, user: `u${++totals.connections}`, violated, received });
  // Nobody asked the server to.
  one.onEnd = () => {
    totals.cutOff++;
    one.openWithRetries(() => totals.refusedJoins++).catch((error: unknown) => violated(String(error)));
  };
  return one;
}

/** One goes and one comes, so many times a second. Returns what ends it. */
function churning(followers: Follower[], port: number): () => Promise<void> {
  const replacing = new Map<number, Promise<void>>();
  let changed = 0;
  const replace = async (index: number) => {
    const before = followers[index];
    // One that a busy machine keeps waiting is not let go of before it is there.
    if (!before || before.isConnecting) return;
    before.close();
    const comesBack = changed++ % 2 === 0;
    if (comesBack) await pause(backAfterMs);
    const next = comesBack ? before : newcomer(port, before.options.room);
    if (comesBack) totals.connections++;
    else totals.resumed += before.resumed;
    await next.openWithRetries(() => totals.refusedJoins++);
    followers[index] = next;
  };
  let next = 0;
  const timer = setInterval(() => {
    // 7 919 is a prime: every place has its turn.
    next = (next + 7_919) % followers.length;
    const place = next;
    if (replacing.has(place)) return;
    const replaced = replace(place)
      .catch((error: unknown) => violated(String(error)))
      .finally(() => replacing.delete(place));
    replacing.set(place, replaced);
  }, 1_000 / churn);
  return async () => {
    clearInterval(timer);
    await Promise.all(replacing.values());
  };
}

async function sampler(peer: RunningPeer, publisher: Publisher): Promise<() => Promise<Sample>> {
  const { subscribe: server } = peer;
  const startedAt = performance.now();
  let before = { cpu: server.cpuSeconds, at: performance.now() };
  return async () => {
    const { heapBytes, resources } = await server.ask<{ heapBytes: number; resources: number }>("collect");
    const now = { cpu: server.cpuSeconds, at: performance.now() };
    const cpuPercent = (100_000 * (now.cpu - before.cpu)) / (now.at - before.at);
    before = now;
    const sample = {
      minute: (now.at - startedAt) / 60_000,
      heapMegabytes: heapBytes / 1e6,
      rssMegabytes: (server.rssKilobytes * 1_024) / 1e6,
      redisMegabytes: redisBytes(peer.redisPort) / 1e6,
      descriptors: readdirSync(`/proc/${server.child.pid}/fd`).length,
      resources,
      cpuPercent,
      deliveredP99: delivered.summary.p99,
      acceptedP99: publisher.latency.summary.p99,
    };
    delivered.clear();
    publisher.latency.clear();
    return sample;
  };
}

function redisBytes(port: number): number {
  const info = execFileSync("redis-cli", ["-p", String(port), "info", "memory"], { encoding: "utf8" });
  return Number(/used_memory:(\d+)/.exec(info)?.[1]);
}

const peer = await startPeer("signalbox over Redis, alone", { LOG_MAX_EVENTS: "500" });
try {
  const { port } = peer.subscribe;
  const publisher = await Publisher.open({ port, rooms, rate: deliveries / members, violated });
  const places = Array.from({ length: count }, (_, index) => rooms[index % rooms.length] ?? "");
  const followers = await inPortions(places, async (room) => {
    const follower = newcomer(port, room);
    await follower.open();
    return follower;
  });
  publisher.start();
  const stopChurning = churning(followers, port);
  const sample = await sampler(peer, publisher);
  const samples: Sample[] = [];
  const startedAt = performance.now();
  const until = startedAt + minutes * 60_000;
  for (let at = startedAt; at < until; ) {
    at += sampleEveryMs;
    await pause(at - performance.now());
    samples.push(await sample());
    console.error(JSON.stringify(samples.at(-1), (_, value) => (typeof value === "number" ? round(value) : value)));
  }
  await stopChurning();
  const heads = await publisher.stop();
  await pause(2_000);
  for (const { position, options } of followers) {
    const head = heads.get(options.room);
    if (position?.offset !== head) violated(`${options.user} is at ${position?.offset}, the room at ${head}`);
  }
  for (const { resumed } of followers) totals.resumed += resumed;
  await report(samples, publisher);
} finally {
  await peer.stop();
}
process.exit(violations.length === 0 ? 0 : 1);

async function report(samples: Sample[], { accepted, refused }: Publisher): Promise<void> {
  const figures: Record<string, Trend> = {};
  const names = ["heapMegabytes", "rssMegabytes", "redisMegabytes", "descriptors", "resources"] as const;
  const late = samples.slice(Math.floor(samples.length * settled));
  for (const name of names) figures[name] = trendOf(late.map((sample) => ({ x: sample.minute, y: sample[name] })));
  const result = { minutes, count, churn, accepted, refused, ...totals, violations: violations.length, figures };
  mkdirSync("bench/results", { recursive: true });
  writeFileSync("bench/results/soak.json", `${JSON.stringify({ ...result, samples }, null, 2)}\n`);
  const points = (name: keyof Sample) => samples.map((sample) => ({ x: sample.minute, y: sample[name] }));
  const picture = plotOf({
    title: `${count} connections, ${churn} of them replaced every second, ${deliveries} deliveries a second`,
    across: "minutes",
    panels: [
      { name: "heap after a collection, MB", points: points("heapMegabytes") },
      { name: "resident memory, MB", points: points("rssMegabytes") },
      { name: "memory of Redis, MB", points: points("redisMegabytes") },
      { name: "open descriptors", points: points("descriptors") },
      { name: "active resources", points: points("resources") },
    ],
  });
  writeFileSync("bench/results/soak.svg", picture);
  if (values.document) writeFileSync("docs/soak.svg", picture);
  console.log(JSON.stringify(result, null, 2));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
