import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Instance, type PeerName, type RunningPeer, startPeer } from "./peers.ts";
import { PinnedProcess } from "./pinned-process.ts";

/** What one run of a load against one peer has shown. */
export type Figures = Record<string, number>;

/** What the generator is told, but for the ports. */
export type Load = { load: string } & Record<string, unknown>;

type FromGenerator = { measuring: boolean } | { result: Figures };

/** What the probe in a server tells, after a collection. */
interface Memory {
  heapBytes: number;
}

const settleMs = 300;

const generatorProgram = fileURLToPath(new URL("../load/main.js", import.meta.url));

/** A fresh server, a fresh generator; what the generator counted, and what both used meanwhile. */
export async function measure(name: PeerName, load: Load, environment: Record<string, string> = {}): Promise<Figures> {
  const peer = await startPeer(name, environment);
  const generator = new PinnedProcess("load", [process.execPath, "--max-semi-space-size=64", generatorProgram]);
  try {
    return await run(peer, generator, load);
  } finally {
    await generator.stop();
    await peer.stop();
  }
}

async function run(peer: RunningPeer, generator: PinnedProcess, load: Load): Promise<Figures> {
  const { instances, publish, subscribe, dialect } = peer;
  let before = { server: 0, generator: 0, publisher: 0, at: 0, bytes: 0 };
  let heapBefore = 0;
  let used: Figures = {};
  const clocks = () => ({
    server: subscribe.cpuSeconds,
    generator: generator.cpuSeconds,
    publisher: publish.cpuSeconds,
    at: performance.now() / 1_000,
    bytes: subscribe.rssKilobytes * 1_024,
  });

  const result = new Promise<Figures>((resolve, reject) => {
    generator.child.on("message", (message: FromGenerator) => {
      if ("result" in message) return resolve(message.result);
      void (async () => {
        if (message.measuring) {
          heapBefore = await heapOf(subscribe);
          // What the collection has held up is not to be counted.
          await pause(settleMs);
          for (const instance of instances) if (instance.isProbed) await instance.ask("reset");
          before = clocks();
        } else {
          const now = clocks();
          const seconds = now.at - before.at;
          const stalls = [];
          for (const instance of instances)
            if (instance.isProbed) stalls.push(await instance.ask<{ loopStallMs: number }>("report"));
          used = {
            grownHeapBytes: (await heapOf(subscribe)) - heapBefore,
            grownBytes: subscribe.rssKilobytes * 1_024 - before.bytes,
            serverCpuSeconds: now.server - before.server,
            publisherCpuSeconds: instances.length > 1 ? now.publisher - before.publisher : 0,
            serverBusy: (now.server - before.server) / seconds,
            generatorBusy: (now.generator - before.generator) / seconds,
            loopStallMs: stalls.length > 0 ? Math.max(...stalls.map(({ loopStallMs }) => loopStallMs)) : Number.NaN,
            rssKilobytes: Math.max(...instances.map(({ rssKilobytes }) => rssKilobytes)),
            measuredSeconds: seconds,
          };
        }
        generator.child.send("go on");
      })().catch(reject);
    });
    generator.child.once("exit", () => reject(new Error(`The generator ended:\n${generator.output}`)));
    for (const instance of instances) {
      instance.child.once("exit", () => reject(new Error(`A server ended:\n${instance.output}`)));
    }
  });
  generator.child.send({ ...load, dialect, publishPort: publish.port, subscribePort: subscribe.port });
  const counted = await result;
  return { ...counted, ...used, ...derived({ ...counted, ...used }) };
}

/** After a collection. */
async function heapOf(instance: Instance): Promise<number> {
  return instance.isProbed ? (await instance.ask<Memory>("collect")).heapBytes : Number.NaN;
}

/** What one of the things that were counted has cost. */
function derived(figures: Figures): Figures {
  const { serverCpuSeconds = 0, measuredSeconds = 1, grownBytes = 0, grownHeapBytes = 0 } = figures;
  const micros = serverCpuSeconds * 1e6;
  const { deliveriesPerSecond, connectionsPerSecond, connections, publications, emptyRooms } = figures;
  return {
    ...(deliveriesPerSecond && { cpuMicrosPerDelivery: micros / (deliveriesPerSecond * measuredSeconds) }),
    ...(connectionsPerSecond && connections && { cpuMicrosPerConnection: micros / connections }),
    ...(connections && { bytesPerConnection: grownBytes / connections }),
    ...(publications && { cpuMicrosPerPublication: micros / publications }),
    ...(emptyRooms && { bytesPerEmptyRoom: grownHeapBytes / emptyRooms }),
  };
}
