import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Histogram } from "../load/histogram.ts";
import { inPortions } from "../load/in-portions.ts";
import { DeliveredProxy } from "../run/delivered-proxy.ts";
import { nginx as kind } from "../run/nginx.ts";
import { freePort, startPeer } from "../run/peers.ts";
import { Follower } from "./follower.ts";
import { Publisher } from "./publisher.ts";

// Two instances over Redis behind nginx, and one of them is stopped as a deploy stops it: what do its clients notice?

const { values } = parseArgs({
  options: {
    clients: { type: "string", default: "5000" },
    /** DRAIN_MS, in seconds. */
    window: { type: "string", default: "20" },
    deliveries: { type: "string", default: "2000" },
  },
});
const count = Number(values.clients);
const windowMs = Number(values.window) * 1_000;
const members = 100;

const violations: string[] = [];
const violated = (what: string) => {
  violations.push(what);
  if (violations.length <= 20) console.error(what);
};

const away = new Histogram();
const refusals: Record<string, number> = {};
/** Clients that were asked to leave, by the second after the signal. */
const perSecond: number[] = [];
const coming = new Set<Promise<void>>();
let [notified, handshakes, signalledAt, lastBackAt] = [0, 0, 0, 0];

/** Behaves like a client: it is notified, its connection ends, it waits for the requested time, and reconnects. */
function follower(port: number, user: string, room: string): Follower {
  let retryAfterMs = -1;
  const one = new Follower({
    port,
    user,
    room,
    violated,
    notified(notice) {
      notified++;
      const second = Math.floor((performance.now() - signalledAt) / 1_000);
      perSecond[second] = (perSecond[second] ?? 0) + 1;
      if (notice.reason !== "server_shutdown") violated(`${user} was notified of ${notice.reason}`);
      retryAfterMs = notice.retryAfterMs ?? -1;
    },
  });
  one.onEnd = () => {
    if (retryAfterMs < 0) violated(`${user} was cut off without a word`);
    const since = performance.now();
    const back = pause(Math.max(0, retryAfterMs))
      .then(() => {
        handshakes++;
        return one.openWithRetries((why) => {
          handshakes++;
          refusals[why] = (refusals[why] ?? 0) + 1;
        });
      })
      .then(() => {
        retryAfterMs = -1;
        lastBackAt = performance.now();
        away.add(lastBackAt - since);
      })
      .catch((error: unknown) => violated(`${user} did not come back: ${String(error)}`))
      .finally(() => coming.delete(back));
    coming.add(back);
  };
  return one;
}

const peer = await startPeer("signalbox over Redis", { DRAIN_MS: String(windowMs) });
const [leaving, staying] = [peer.publish, peer.subscribe];
const port = await freePort();
// Debian has it where not everybody looks.
const program = ["/usr/sbin/nginx", "/usr/local/bin/nginx", "/opt/homebrew/bin/nginx"].find(existsSync) ?? "nginx";
const nginx = await DeliveredProxy.start(kind, { program, port, instances: [staying.port, leaving.port] });
try {
  const rooms = Array.from({ length: Math.ceil(count / members) }, (_, index) => `d${index}`);
  // Who speaks is at the instance that stays: what a refused publication means is tried elsewhere.
  const publisher = await Publisher.open({
    port: staying.port,
    rooms,
    rate: Number(values.deliveries) / members,
    violated,
  });
  const people = Array.from({ length: count }, (_, index) => index);
  const followers = await inPortions(people, async (index) => {
    const one = follower(port, `u${index}`, rooms[index % rooms.length] ?? "");
    await one.open();
    return one;
  });
  const spread = await Promise.all([connectionsOf(staying.port), connectionsOf(leaving.port)]);
  publisher.start();
  await pause(3_000);

  await staying.ask("reset");
  const before = { cpu: staying.cpuSeconds, own: process.cpuUsage(), at: performance.now() };
  const exited = once(leaving.child, "exit");
  signalledAt = performance.now();
  leaving.child.kill("SIGTERM");
  while ((await readyz(leaving.port)) === 200) await pause(1);
  const notReadyMs = performance.now() - signalledAt;
  const [code] = await exited;
  const exitMs = performance.now() - signalledAt;
  while (coming.size > 0) await Promise.all(coming);
  await pause(1_000);
  const seconds = (performance.now() - before.at) / 1_000;
  const own = process.cpuUsage(before.own);
  const busy = {
    staying: (staying.cpuSeconds - before.cpu) / seconds,
    generator: (own.user + own.system) / 1e6 / seconds,
  };
  const { loopStallMs } = await staying.ask<{ loopStallMs: number }>("report");
  const heads = await publisher.stop();
  await pause(2_000);
  for (const { position, options } of followers) {
    const head = heads.get(options.room);
    if (position?.offset !== head) violated(`${options.user} is at ${position?.offset}, the room at ${head}`);
  }
  if (code !== 0) violated(`the instance ended with ${code}`);
  const result = {
    clients: count,
    connectionsBefore: spread,
    windowMs,
    notified,
    notifiedPerSecond: perSecond,
    notReadyMs,
    exitMs,
    lastBackMs: lastBackAt - signalledAt,
    handshakes,
    refusals,
    away: away.summary,
    busy,
    loopStallMs,
    accepted: publisher.accepted,
    acceptedLatency: publisher.latency.summary,
    live: followers.reduce((sum, { live }) => sum + live, 0),
    resumed: followers.reduce((sum, { resumed }) => sum + resumed, 0),
    violations: violations.length,
  };
  mkdirSync("bench/results", { recursive: true });
  writeFileSync("bench/results/drain.json", `${JSON.stringify(result, null, 2)}\n`);
  console.log(JSON.stringify(result, null, 2));
  for (const one of followers) one.close();
} finally {
  await nginx.stop();
  await peer.stop();
}
process.exit(violations.length === 0 ? 0 : 1);

async function readyz(instance: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${instance}/readyz`);
  await response.arrayBuffer();
  return response.status;
}

/** Of the server's registry, as it stands at this instance. */
async function connectionsOf(instance: number): Promise<number> {
  const status = await fetch(`http://127.0.0.1:${instance}/api/websocket/status`);
  const { connections } = (await status.json()) as { connections: number };
  return connections;
}
