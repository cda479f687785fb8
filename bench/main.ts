import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { parseArgs } from "node:util";
import { pictureOf } from "./report/picture.ts";
import { detailsOf, headlinesOf, type Row, rowOf, tableOf } from "./report/table.ts";
import { type Figures, measure } from "./run/measure.ts";
import { missingFor } from "./run/peers.ts";
import type { Measured, Scenario } from "./scenario.ts";
import { scenarios } from "./scenarios.ts";

const { values } = parseArgs({
  options: {
    /** One scenario, or several with commas between them. */
    scenario: { type: "string" },
    /** The first rows only, once each. */
    quick: { type: "boolean", default: false },
    /** Puts the tables into docs/PERFORMANCE.md and bench/results/README.md, and the picture into docs/. */
    document: { type: "boolean", default: false },
    /** How often each is measured. */
    repeat: { type: "string" },
  },
});

const folder = "bench/results";
const wanted = values.scenario?.split(",");
const asked = scenarios.filter(({ name, quick }) => (wanted ? wanted.includes(name) : !values.quick || quick));
const chosen = asked.filter(({ name, subjects }) => {
  const missing = Object.values(subjects).flatMap(({ peer }) => missingFor(peer) ?? []);
  if (missing.length > 0)
    process.stderr.write(`${name} is left out. Debian, Ubuntu: apt-get install ${missing.join(" ")}\n`);
  return missing.length === 0;
});
const repetitions = Number(values.repeat ?? (values.quick ? 1 : 3));
if (asked.length === 0) throw new Error(`There is: ${scenarios.map(({ name }) => name).join(", ")}`);

/** All subjects in turn, so that what else the machine does meets all of them. */
async function run({ name, subjects }: Scenario): Promise<{ medians: Measured; all: Record<string, Figures[]> }> {
  const all: Record<string, Figures[]> = {};
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    for (const [subject, { peer, load, environment }] of Object.entries(subjects)) {
      process.stderr.write(`${name}, ${peer}, ${repetition} of ${repetitions}\n`);
      const shorter = values.quick && "seconds" in load ? { warmupSeconds: 1, seconds: 2 } : {};
      const figures = await measure(peer, { ...load, ...shorter }, environment);
      all[subject] = [...(all[subject] ?? []), figures];
    }
  }
  const medians = Object.fromEntries(Object.entries(all).map(([subject, runs]) => [subject, medianOf(runs)]));
  return { medians, all };
}

function medianOf(runs: readonly Figures[]): Figures {
  const names = Object.keys(runs[0] ?? {});
  return Object.fromEntries(
    names.map((name) => {
      const sorted = runs.map((figures) => figures[name] ?? Number.NaN).sort((a, b) => a - b);
      return [name, sorted[Math.floor(sorted.length / 2)] ?? Number.NaN];
    }),
  );
}

function versionOf(name: string): string {
  return JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")).version;
}

const rows: Row[] = [];
const results: Record<string, unknown> = {};
for (const scenario of chosen) {
  const { medians, all } = await run(scenario);
  const own = scenario.checks.map((check) => rowOf(scenario, check, medians));
  rows.push(...own);
  results[scenario.name] = { medians, all, rows: own };
  process.stderr.write(`${detailsOf(scenario.name, medians)}\n`);
}

const at = new Date().toISOString();
const machine = {
  at,
  commit: execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim(),
  cpu: cpus()[0]?.model,
  cores: cpus().length,
  linux: release(),
  node: process.version,
  "socket.io": versionOf("socket.io"),
  "engine.io": versionOf("engine.io"),
  ws: versionOf("ws"),
  redis: execFileSync("redis-server", ["--version"], { encoding: "utf8" }).split(" ")[2]?.slice(2),
  repetitions,
};
mkdirSync(folder, { recursive: true });
const file = `${folder}/${at.slice(0, 16).replace(":", "")}`;
writeFileSync(`${file}.json`, `${JSON.stringify({ machine, rows, results }, null, 2)}\n`);
const picture = pictureOf(rows, "Deliveries per second, as a multiple of Socket.IO's (dashed line)");
writeFileSync(`${file}.svg`, picture);
if (values.document) {
  const where = Object.entries(machine).map(([name, value]) => `${name} ${value}`);
  const headlines = new Set(scenarios.filter(({ headline }) => headline).map(({ name }) => name));
  insert("docs/PERFORMANCE.md", `${headlinesOf(rows, headlines)}\n\n${where.join(", ")}`);
  insert(`${folder}/README.md`, `${tableOf(rows)}\n\n${where.join(", ")}`);
  writeFileSync("docs/performance.svg", picture);
}
console.log(`${JSON.stringify(machine)}\n\n${tableOf(rows)}\n\nWritten to ${file}.json and .svg`);

/** Between the markers of a page. */
function insert(page: string, measured: string): void {
  const text = readFileSync(page, "utf8");
  if (!/<!-- measured -->.*<!-- end -->/s.test(text)) throw new Error(`${page} has no markers for what was measured.`);
  writeFileSync(
    page,
    text.replace(/<!-- measured -->.*<!-- end -->/s, () => `<!-- measured -->\n${measured}\n<!-- end -->`),
  );
}
