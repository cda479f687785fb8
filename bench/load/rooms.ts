import { setTimeout as pause } from "node:timers/promises";
import { type DialectName, dialects } from "./dialects.ts";
import { inPortions } from "./in-portions.ts";
import { RawClient } from "./raw-client.ts";

export interface RoomsLoad {
  dialect: DialectName;
  publishPort: number;
  rooms: number;
}

const publications = 50_000;
/** Longer than a log is followed on after the last has left. */
const afterLeavingMs = 12_000;

/** Many rooms: what publishing costs among them, and what is left of each that everybody has left. */
export async function rooms(load: RoomsLoad, measuring: (on: boolean) => Promise<void>) {
  const speech = dialects[load.dialect];
  const client = await RawClient.open(load.publishPort, speech, speech.auth("publisher", ["service"]));
  const names = Array.from({ length: load.rooms }, (_, index) => `r${index}`);
  await inPortions(names, (room) => speech.create(client, room));
  const publish = (index: number) => {
    const [name, payload] = speech.publication(names[index % names.length] ?? "", "x".repeat(150));
    return client.request(name, payload);
  };
  await inPortions([...Array(10_000).keys()], publish);
  await measuring(true);
  await inPortions([...Array(publications).keys()], publish);
  await measuring(false);
  client.close();
  return { publications };
}

/** Rooms that were created, joined and left, with nothing said in them. */
export async function emptyRooms(load: RoomsLoad, measuring: (on: boolean) => Promise<void>) {
  const speech = dialects[load.dialect];
  const client = await RawClient.open(load.publishPort, speech, speech.auth("publisher", ["service"]));
  await measuring(true);
  const names = Array.from({ length: load.rooms }, (_, index) => `r${index}`);
  await inPortions(names, async (room) => {
    await speech.create(client, room);
    await speech.join(client, room);
    await client.request("leave_room", { room: `conversation:${room}` });
  });
  await pause(afterLeavingMs);
  await measuring(false);
  client.close();
  return { emptyRooms: load.rooms };
}
