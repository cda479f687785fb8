import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { DispatchRun } from "./run.ts";

const usage = `npm run chaos:dispatches -- [options]
  --minutes N     over which dispatches are given; default 3
  --dispatches N  default 1000
  --agents N      default 20
  --instances N   default 3
  --seed N        default: a new one, which is printed
  --redis         kills Redis, too
  --json FILE     writes the result there`;

function read() {
  try {
    return parseArgs({
      options: {
        minutes: { type: "string", default: "3" },
        dispatches: { type: "string", default: "1000" },
        agents: { type: "string", default: "20" },
        instances: { type: "string", default: "3" },
        seed: { type: "string", default: String(Date.now() % 1_000_000) },
        redis: { type: "boolean", default: false },
        json: { type: "string" },
      },
    }).values;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(2);
  }
}

const values = read();
const folder = mkdtempSync(join(tmpdir(), "signalbox-chaos-"));
const run = new DispatchRun({
  minutes: Number(values.minutes),
  dispatches: Number(values.dispatches),
  agents: Number(values.agents),
  instances: Number(values.instances),
  seed: Number(values.seed),
  redis: values.redis,
  folder,
});

// Whatever ends this process ends those that it started.
process.on("exit", () => run.destroy());
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(1));

const result = await run.run();
if (values.json) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
if (result.passed) rmSync(folder, { recursive: true, force: true });
else console.log(`What the instances said is in ${folder}`);
process.exit(result.passed ? 0 : 1);
