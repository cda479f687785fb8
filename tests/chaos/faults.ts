import type { Random } from "../support/random.ts";
import type { Cluster, Instance } from "./cluster.ts";
import type { Network } from "./network-proxy.ts";
import type { Reader } from "./reader.ts";
import { pause } from "./roamer.ts";

interface FaultContext {
  cluster: Cluster;
  subscribers: readonly Reader[];
  random: Random;
}

/** Resolves when its cause is over: from then on things have to recover. */
type Fault = (context: FaultContext) => Promise<void>;

/** On an instance that nothing else happens to; `undefined` if there is none. */
async function onInstance({ cluster, random }: FaultContext, act: (instance: Instance) => Promise<void>) {
  const free = cluster.instances.filter(({ busy }) => !busy);
  if (free.length === 0) return;
  const instance = random.pick(free);
  instance.busy = true;
  try {
    await act(instance);
  } finally {
    instance.busy = false;
  }
}

async function onRedis({ cluster }: FaultContext, act: () => Promise<void>): Promise<void> {
  if (cluster.redisBusy) return;
  cluster.redisBusy = true;
  try {
    await act();
  } finally {
    cluster.redisBusy = false;
  }
}

const command = (...words: string[]): Fault => {
  return (context) =>
    onRedis(context, async () => {
      await context.cluster.redis.command(...words);
    });
};

const network = (how: Network, min: number, max: number, delayMs = 0): Fault => {
  return (context) =>
    onInstance(context, async ({ proxy }) => {
      proxy.set(how, delayMs && context.random.between(delayMs / 5, delayMs));
      await pause(context.random.between(min, max));
      proxy.set("open");
    });
};

export const faults = {
  "instance killed": (context) => onInstance(context, (it) => it.kill(context.random.between(0, 2_000))),
  "instance replaced": (context) => onInstance(context, (it) => it.replace()),
  "instance frozen": (context) => onInstance(context, (it) => it.freeze(context.random.between(500, 5_000))),
  "clock set": (context) =>
    onInstance(context, (it) => {
      const { random } = context;
      const seconds = random.chance(0.5) ? random.between(60, 1_500) : -random.between(60, 3_600);
      return it.setClock(seconds, random.between(1_500, 6_000));
    }),
  "Redis killed": (context) =>
    onRedis(context, async () => {
      const { redis } = context.cluster;
      await redis.kill();
      await pause(context.random.between(0, 3_000));
      await redis.restart();
    }),
  "Redis frozen": (context) =>
    onRedis(context, async () => {
      const { redis } = context.cluster;
      redis.pause();
      await pause(context.random.between(300, 5_000));
      redis.resume();
    }),
  "subscriptions cut": command("CLIENT", "KILL", "TYPE", "pubsub"),
  "commands cut": command("CLIENT", "KILL", "TYPE", "normal"),
  "scripts flushed": command("SCRIPT", "FLUSH"),
  "network cut": network("cut", 200, 4_000),
  "network held": network("hold", 200, 5_000),
  "answers lost": network("deaf", 100, 2_000),
  "network slow": network("slow", 1_000, 5_000, 400),
  "clients dropped": async ({ subscribers, random }) => {
    for (const subscriber of subscribers) if (random.chance(0.5)) subscriber.lose();
  },
  "clients moved": async ({ subscribers, random }) => {
    for (const subscriber of subscribers) if (random.chance(0.5)) subscriber.move();
  },
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof faults;
export const faultNames = Object.keys(faults) as FaultName[];

/** Several faults, each so long after the beginning. */
type Burst = readonly { name: FaultName; afterMs: number; seed: number }[];

/** The same for the same seed, whatever happens meanwhile. */
export function planBurst(random: Random, names: readonly FaultName[]): Burst {
  return Array.from({ length: random.between(1, 5) }, () => ({
    name: random.pick(names),
    afterMs: random.between(0, 5_000),
    seed: random.between(1, 1_000_000_000),
  })).sort((a, b) => a.afterMs - b.afterMs);
}
