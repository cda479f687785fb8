import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type FaultName, faultNames } from "./faults.ts";
import { Run, type SubscriberKind, subscriberKinds } from "./run.ts";

const usage = `npm run chaos -- [options]
  --minutes N     how long faults happen; default 10
  --seed N        of the schedule and of what clients do; default: a new one, which is printed
  --instances N   default 3
  --kept N        how many events a log keeps; default: all. With few, subscribers lose history and must be told
  --faults A,B    only these: ${faultNames.join(", ")}; or none
  --subscribers   ${subscriberKinds.join(", ")}: programs of the protocol, applications on the package, or some of each; default stock
  --json FILE     writes the result there
  --keep          keeps the folder with what the instances said and what the logs have; it is kept when something is wrong`;

function fail(message: string): never {
  console.error(`${message}\n\n${usage}`);
  process.exit(2);
}

function numberOf(text: string, name: string, min: number): number {
  const value = Number(text);
  return text !== "" && value >= min ? value : fail(`--${name} must be a number, ${min} at least`);
}

function faultsOf(text: string | undefined): FaultName[] {
  if (text === undefined) return faultNames;
  if (text === "none") return [];
  return text.split(",").map((name) => faultNames.find((known) => known === name) ?? fail(`There is no fault ${name}`));
}

function kindOf(text: string): SubscriberKind {
  return subscriberKinds.find((known) => known === text) ?? fail(`There are no subscribers of the kind ${text}`);
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        minutes: { type: "string", default: "10" },
        seed: { type: "string", default: String(Date.now() % 1_000_000) },
        instances: { type: "string", default: "3" },
        kept: { type: "string", default: "10000000" },
        faults: { type: "string" },
        subscribers: { type: "string", default: "stock" },
        json: { type: "string" },
        keep: { type: "boolean", default: false },
      },
    });
    return values;
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

const values = readArguments();
const folder = mkdtempSync(join(tmpdir(), "signalbox-chaos-"));
const run = new Run({
  minutes: numberOf(values.minutes, "minutes", 0),
  seed: numberOf(values.seed, "seed", 0),
  instances: numberOf(values.instances, "instances", 1),
  kept: numberOf(values.kept, "kept", 1),
  faults: faultsOf(values.faults),
  subscribers: kindOf(values.subscribers),
  folder,
});

// Whatever ends this process ends those that it started.
process.on("exit", () => run.destroy());
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    console.error(`Ended by ${signal}`);
    process.exit(1);
  });
}
const onBug = (error: unknown) => {
  console.error(error);
  console.error(`What the instances said, and what the logs have, is in ${folder}`);
  process.exit(1);
};
process.on("uncaughtException", onBug);
process.on("unhandledRejection", onBug);

const result = await run.run();
if (values.json) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
if (result.passed && !values.keep) rmSync(folder, { recursive: true, force: true });
else console.log(`What the instances said, and what the logs have, is in ${folder}`);
process.exit(result.passed ? 0 : 1);
