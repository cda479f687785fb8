import { dialects, tokenOf } from "./dialects.ts";
import { inPortions } from "./in-portions.ts";
import { RawClient } from "./raw-client.ts";

export interface PatternsLoad {
  publishPort: number;
  subscribePort: number;
  patterns: number;
}

const topicsPerConnection = 50;
const eventsPerRequest = 100;
const requests = 300;

/** Publishing while so many patterns are watched, none of which the events match. */
export async function patterns(load: PatternsLoad, measuring: (on: boolean) => Promise<void>) {
  const speech = { ...dialects.signalbox, namespace: "/monitoring" };
  const topics = Array.from({ length: load.patterns }, (_, index) => `task:watched-${index}*`);
  const portions = Array.from({ length: Math.ceil(topics.length / topicsPerConnection) }, (_, index) =>
    topics.slice(index * topicsPerConnection, (index + 1) * topicsPerConnection),
  );
  const watchers = await inPortions(portions, async (portion) => {
    const client = await RawClient.open(load.subscribePort, speech, speech.auth("watcher", ["monitor"]));
    const reply = await client.request("subscribe", { id: "all", topics: portion });
    if (!reply.includes('"ok":true')) throw new Error(`subscribe: ${reply.slice(0, 300)}`);
    return client;
  });

  const headers = {
    authorization: `Bearer ${tokenOf("publisher", ["service"])}`,
    "content-type": "application/json",
  };
  const body = JSON.stringify(
    Array.from({ length: eventsPerRequest }, (_, index) => ({
      room: `checkpoint:other-${index}`,
      type: "checkpoint.created",
      data: { checkpointId: `c-${index}`, taskId: `other-${index}` },
    })),
  );
  const publish = async () => {
    const response = await fetch(`http://127.0.0.1:${load.publishPort}/api/events`, { method: "POST", headers, body });
    if (response.status !== 201) throw new Error(`${response.status} ${(await response.text()).slice(0, 300)}`);
    await response.arrayBuffer();
  };
  await inPortions(Array(100).fill(0), publish, 4);
  await measuring(true);
  await inPortions(Array(requests).fill(0), publish, 4);
  await measuring(false);
  for (const watcher of watchers) watcher.close();
  return { publications: requests * eventsPerRequest };
}
