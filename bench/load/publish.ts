import { setTimeout as pause } from "node:timers/promises";
import { type DialectName, dialects } from "./dialects.ts";
import { Histogram } from "./histogram.ts";
import { inPortions } from "./in-portions.ts";
import { RawClient } from "./raw-client.ts";

export interface PublishLoad {
  dialect: DialectName;
  publishPort: number;
  publishers: number;
  rooms: number;
  payloadBytes: number;
  /** Publications of a publisher that are under way at a time; or, with a rate, as many as it takes. */
  inFlight: number;
  /** Publications per second, over all publishers. */
  rate?: number;
  warmupSeconds: number;
  seconds: number;
}

interface PublishResult {
  acceptedPerSecond: number;
  publications: number;
  /** From a publication to its reply, in ms. */
  p50: number;
  p99: number;
  max: number;
  refused: number;
}

const settleMs = 500;

/** Publishers in rooms without subscribers: measures the cost of accepting events. */
export async function publish(load: PublishLoad, measuring: (on: boolean) => Promise<void>): Promise<PublishResult> {
  const speech = dialects[load.dialect];
  const rooms = Array.from({ length: load.rooms }, (_, index) => `p${index}`);
  const clients = await inPortions([...Array(load.publishers).keys()], () =>
    RawClient.open(load.publishPort, speech, speech.auth("publisher", ["service"])),
  );
  await inPortions(rooms, async (room) => clients[0] && speech.create(clients[0], room));

  const message = "x".repeat(load.payloadBytes);
  const latency = new Histogram();
  let [accepted, refused, sent] = [0, 0, 0];
  const publishOne = async (client: RawClient) => {
    const [name, payload] = speech.publication(rooms[sent++ % rooms.length] ?? "", message);
    const at = performance.now();
    const reply = await client.request(name, payload);
    latency.add(performance.now() - at);
    if (reply.includes('"ok":true')) accepted++;
    else refused++;
  };

  let stopped = false;
  const keepOn = async (client: RawClient) => {
    while (!stopped) await publishOne(client);
  };
  const startedAt = performance.now();
  const timer = setInterval(() => {
    const due = ((performance.now() - startedAt) / 1_000) * (load.rate ?? 0);
    while (sent < due) void publishOne(clients[sent % clients.length] as RawClient);
  }, 1);
  if (load.rate === undefined) {
    for (const client of clients) for (let i = 0; i < load.inFlight; i++) void keepOn(client);
  }

  await pause(load.warmupSeconds * 1_000);
  await measuring(true);
  [accepted, refused] = [0, 0];
  // The server has collected its garbage just now, and what has waited for that says nothing.
  await pause(settleMs);
  latency.clear();
  const settled = accepted;
  const from = performance.now();
  await pause(load.seconds * 1_000);
  const seconds = (performance.now() - from) / 1_000;
  const result = {
    acceptedPerSecond: (accepted - settled) / seconds,
    publications: accepted,
    refused,
    ...latency.summary,
  };
  await measuring(false);
  stopped = true;
  clearInterval(timer);
  for (const client of clients) client.close();
  return result;
}
