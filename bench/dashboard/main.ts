import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { secret } from "../load/dialects.ts";
import { freePort } from "../run/peers.ts";
import { PinnedProcess } from "../run/pinned-process.ts";
import { type LongestTask, longer } from "./main-thread.ts";
import { Producer, tokenOf } from "./producer.ts";
import { WatchedPage } from "./watched-page.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    /** Events a second. */
    rate: { type: "string", default: "100" },
    /** How much slower the page's processor is made to seem. */
    slowdown: { type: "string", default: "1" },
    tasks: { type: "string", default: "500" },
  },
});

const minutes = Number(values.minutes);
const rate = Number(values.rate);
const slowdown = Number(values.slowdown);

/**
 * Opened in turn, so that what a part leaves behind shows as well. The page begins with the overview, which is opened
 * once more when all that it needs has been let go.
 */
const parts = [
  "/monitoring/feed",
  "/monitoring/tasks",
  "/monitoring/streams",
  "/monitoring/agents",
  "/monitoring/alerts",
  "/admin/instances",
  "/admin/connections",
  "/admin/rooms",
  "/admin/trace",
  "/chat",
  "/monitoring/overview",
];
/** By then a part is there in full; what is longer than that is no opening. */
const openingMs = 3_000;

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
const producer = new Producer(url, Number(values.tasks));
await producer.prepare();

const page = await WatchedPage.open(url, tokenOf("root", ["admin", "user"]));
try {
  const opened = await page.heapBytes();
  producer.begin(rate);
  // What a page keeps at most it has after this: 2 500 events and ten minutes of charts, a tenth of them by now.
  const warmupSeconds = Math.min(60, (minutes * 60) / 4);
  await wait(warmupSeconds * 1_000);
  const begun = await page.heapBytes();
  await page.slowDown(slowdown);
  console.log({ warmupSeconds, openedMiB: mebibytes(opened), beginMiB: mebibytes(begun) });

  const longest: Record<string, Record<"opening" | "open", LongestTask>> = {};
  const until = performance.now() + minutes * 60_000;
  const turnMs = Math.max(2 * openingMs, Math.min(30_000, (minutes * 60_000) / parts.length));
  // Each part at least once.
  for (let turn = 0; turn < parts.length || performance.now() < until; turn++) {
    const part = parts[turn % parts.length] ?? "";
    await page.mainThread.beginTrace();
    await page.show(part);
    await wait(openingMs);
    const opening = await page.mainThread.endTrace();
    await page.mainThread.beginTrace();
    await wait(turnMs - openingMs);
    const open = await page.mainThread.endTrace();
    const before = longest[part] ?? { opening, open };
    longest[part] = { opening: longer(before.opening, opening), open: longer(before.open, open) };
    const minute = Math.round((minutes * 60_000 - (until - performance.now())) / 6_000) / 10;
    console.log({ minute, part, opening, open });
  }

  await page.slowDown(1);
  await page.show(parts[0] ?? "");
  await wait(2_000);
  const ended = await page.heapBytes();
  console.log({ endMiB: mebibytes(ended), grownMiB: mebibytes(ended - begun) });
  console.table(
    Object.entries(longest).map(([part, { opening, open }]) => ({
      part,
      openingCpuMs: opening.cpuMs,
      openingWallMs: opening.wallMs,
      openCpuMs: open.cpuMs,
      openWallMs: open.wallMs,
    })),
  );
  console.log({
    published: producer.accepted,
    refused: producer.refused,
    rate,
    slowdown,
    minutes,
    tasks: values.tasks,
  });
} finally {
  producer.stop();
  await page.close();
  await server.stop();
}
