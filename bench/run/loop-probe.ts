import { writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";

// Loaded into every server that is measured (`node --import`): tells for how long its event loop was held up, and with
// `BENCH_PROFILE` writes a CPU profile of the measured time to that file.

const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();
const profile = process.env.BENCH_PROFILE;
const session = new Session();

process.on("message", async (order) => {
  if (order === "reset") {
    delay.reset();
    if (profile) {
      session.connect();
      await session.post("Profiler.enable");
      await session.post("Profiler.start");
    }
  }
  const loopStallMs = delay.max / 1e6;
  if (order === "report" && profile) {
    const result = await session.post("Profiler.stop");
    writeFileSync(`${profile}.${process.pid}.cpuprofile`, JSON.stringify(result.profile));
  }
  if (order === "collect") globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  process.send?.({ loopStallMs, heapBytes: heapUsed + external, resources: process.getActiveResourcesInfo().length });
});
// Being asked is no reason to live on.
process.channel?.unref();
