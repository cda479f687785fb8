import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { secret } from "../load/dialects.ts";
import { freePort } from "../run/peers.ts";
import { PinnedProcess } from "../run/pinned-process.ts";
import { Producer, tokenOf } from "./producer.ts";
import { WatchedPage } from "./watched-page.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    /** Events a second. */
    rate: { type: "string", default: "100" },
    /** How much slower the page's processor is made to seem. */
    slowdown: { type: "string", default: "1" },
  },
});

const minutes = Number(values.minutes);
const rate = Number(values.rate);
const slowdown = Number(values.slowdown);

/** Opened in turn, so that what a part leaves behind shows as well. */
const parts = [
  "/monitoring/overview",
  "/monitoring/feed",
  "/monitoring/tasks",
  "/monitoring/streams",
  "/admin/instances",
];

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const mebibytes = (bytes: number) => Math.round((bytes / 2 ** 20) * 10) / 10;

const program = fileURLToPath(new URL("../../../server/main.js", import.meta.url));
const port = String(await freePort());
const server = new PinnedProcess("server", [process.execPath, program], {
  HOST: "127.0.0.1",
  PORT: port,
  JWT_SECRET: secret,
  LIMIT_COMMANDS_PER_SECOND: "100000",
  LIMIT_COMMANDS_BURST: "100000",
});
await server.says("listening");
const url = `http://127.0.0.1:${port}`;
const producer = new Producer(url);
await producer.prepare();

const page = await WatchedPage.open(url, tokenOf("root", ["admin", "user"]));
try {
  const opened = await page.heapBytes();
  producer.begin(rate);
  // What a page keeps at most it has after this: 2 500 events and ten minutes of charts, a tenth of them by now.
  const warmupSeconds = Math.min(60, (minutes * 60) / 4);
  await wait(warmupSeconds * 1_000);
  const begun = await page.heapBytes();
  await page.takeLongTasks();
  await page.slowDown(slowdown);
  console.log({ warmupSeconds, openedMiB: mebibytes(opened), beginMiB: mebibytes(begun) });

  const longest: Record<string, number> = {};
  const until = performance.now() + minutes * 60_000;
  const turnMs = Math.min(30_000, (minutes * 60_000) / parts.length);
  for (let turn = 0; performance.now() < until; turn++) {
    const part = parts[turn % parts.length] ?? "";
    await page.show(part);
    await wait(Math.min(turnMs, until - performance.now()));
    const tasks = await page.takeLongTasks();
    longest[part] = Math.max(longest[part] ?? 0, ...tasks.map(Math.round));
    const minute = Math.round((minutes * 60_000 - (until - performance.now())) / 6_000) / 10;
    console.log({ minute, part, tasksOver50Ms: tasks.length, longestMs: Math.round(Math.max(0, ...tasks)) });
  }

  await page.slowDown(1);
  await page.show(parts[0] ?? "");
  await wait(2_000);
  const ended = await page.heapBytes();
  console.log({ endMiB: mebibytes(ended), grownMiB: mebibytes(ended - begun), longestTaskMs: longest });
  console.log({ published: producer.accepted, refused: producer.refused, rate, slowdown, minutes });
} finally {
  producer.stop();
  await page.close();
  await server.stop();
}
