import { setTimeout as pause } from "node:timers/promises";
import { type DialectName, dialects } from "./dialects.ts";
import { inPortions } from "./in-portions.ts";
import { RawClient } from "./raw-client.ts";

export interface StormLoad {
  dialect: DialectName;
  publishPort: number;
  subscribePort: number;
  clients: number;
  rooms: number;
  /** Events of each room that its members miss. */
  missed: number;
}

/** Everybody is dropped, misses something, and comes back at once; those who can resume do. */
export async function storm(load: StormLoad, measuring: (on: boolean) => Promise<void>) {
  const speech = dialects[load.dialect];
  const resumes = load.dialect === "signalbox";
  const rooms = Array.from({ length: load.rooms }, (_, index) => `r${index}`);
  const publisher = await RawClient.open(load.publishPort, speech, speech.auth("publisher", ["service"]));
  await inPortions(rooms, (room) => speech.create(publisher, room));

  const people = Array.from({ length: load.clients }, (_, index) => ({
    auth: speech.auth(`u${index}`, ["user"]),
    room: rooms[index % rooms.length] ?? "",
  }));
  const positions = new Map<string, unknown>();
  const clients = await inPortions(people, async ({ auth, room }) => {
    const client = await RawClient.open(load.subscribePort, speech, auth);
    if (!resumes) await speech.join(client, room);
    else positions.set(room, positionIn(await client.request("join_room", { room: `conversation:${room}`, limit: 1 })));
    return client;
  });
  for (const client of clients) client.close();
  await pause(500);
  await inPortions(rooms, async (room) => {
    for (let index = 0; index < load.missed; index++) {
      const [name, payload] = speech.publication(room, `missed ${index} ${"x".repeat(140)}`);
      await publisher.request(name, payload);
    }
  });

  let incomplete = 0;
  await measuring(true);
  const startedAt = performance.now();
  const back = await inPortions(
    people,
    async ({ auth, room }) => {
      const client = await openPatiently(load.subscribePort, speech, auth);
      if (!resumes) return client;
      const after = positions.get(room);
      const reply = await client.request("join_room", { room: `conversation:${room}`, after, limit: 50 });
      if (!reply.includes('"recovered":true') || !reply.includes(`missed ${load.missed - 1} `)) incomplete++;
      return client;
    },
    people.length,
  );
  const lastBackMs = performance.now() - startedAt;
  await measuring(false);
  for (const client of back) client.close();
  return { lastBackMs, missing: incomplete };
}

/** As a client does that is refused or dropped: again, a moment later. */
async function openPatiently(...args: Parameters<typeof RawClient.open>): Promise<RawClient> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await RawClient.open(...args);
    } catch (error) {
      if (attempt === 20) throw error;
      await pause(100 + Math.random() * 100);
    }
  }
}

function positionIn(reply: string): unknown {
  const [{ data }] = JSON.parse(reply.slice(reply.indexOf("["))) as [{ data: { position: unknown } }];
  return data.position;
}
