import { setTimeout as pause } from "node:timers/promises";
import { type DialectName, dialects } from "./dialects.ts";
import { inPortions } from "./in-portions.ts";
import { RawClient } from "./raw-client.ts";

export interface ConnectionsLoad {
  dialect: DialectName;
  publishPort: number;
  subscribePort: number;
  connections: number;
  /** How many connections join the same room. */
  roomSize: number;
}

type Measuring = (on: boolean) => Promise<void>;

/** Users who connect and join a room, many at a time. */
export async function connections(load: ConnectionsLoad, measuring: Measuring) {
  const speech = dialects[load.dialect];
  const creator = await RawClient.open(load.subscribePort, speech, speech.auth("creator", ["service"]));
  const rooms = Array.from({ length: Math.ceil(load.connections / load.roomSize) }, (_, index) => `r${index}`);
  await inPortions(rooms, (room) => speech.create(creator, room));
  // Signed beforehand: that is the work of somebody else.
  const people = Array.from({ length: load.connections }, (_, index) => ({
    auth: speech.auth(`u${index}`, ["user"]),
    room: rooms[Math.floor(index / load.roomSize)] ?? "",
  }));

  await measuring(true);
  const startedAt = performance.now();
  const clients = await inPortions(people, async ({ auth, room }) => {
    const client = await RawClient.open(load.subscribePort, speech, auth);
    await speech.join(client, room);
    return client;
  });
  const seconds = (performance.now() - startedAt) / 1_000;
  await measuring(false);
  for (const client of clients) client.close();
  return { connectionsPerSecond: load.connections / seconds, connections: load.connections };
}

export interface IdleLoad {
  dialect: DialectName;
  subscribePort: number;
  connections: number;
}

/** Connections that do nothing. What they weigh is the difference of what the server has before and after. */
export async function idle(load: IdleLoad, measuring: Measuring) {
  const speech = dialects[load.dialect];
  const auths = Array.from({ length: 100 }, (_, index) => speech.auth(`u${index}`, ["user"]));
  const connect = (index: number) => RawClient.open(load.subscribePort, speech, auths[index % auths.length]);
  // What is made once, by the first, is not counted.
  const first = await inPortions([...Array(100).keys()], connect);
  await pause(1_000);
  await measuring(true);
  const clients = await inPortions([...Array(load.connections).keys()], connect);
  await pause(3_000);
  await measuring(false);
  for (const client of [...first, ...clients]) client.close();
  return { connections: load.connections };
}
