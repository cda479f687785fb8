import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { dialects, secret } from "../load/dialects.ts";
import { inPortions } from "../load/in-portions.ts";
import { RawClient } from "../load/raw-client.ts";
import { freePort } from "../run/peers.ts";
import { PinnedProcess } from "../run/pinned-process.ts";
import { tokenOf } from "./producer.ts";
import { WatchedPage } from "./watched-page.ts";

const { values } = parseArgs({
  options: {
    /** Connections, each of a user of its own and in a room of its own. It needs as many open files, and some more. */
    count: { type: "string", default: "19900" },
    /** How much slower the page's processor is made to seem. */
    slowdown: { type: "string", default: "4" },
  },
});
const count = Number(values.count);

/** The last of each has to be found, too. */
const lists = [
  { path: "/admin/connections", label: "Connections", search: "User", wanted: `u${count - 1}` },
  { path: "/admin/rooms", label: "Rooms", search: "Name starts with", wanted: `conversation:r${count - 1}` },
];

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const toTheEnd = "{ const table = document.querySelector('[role=table]'); table.scrollTop = table.scrollHeight; }";

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return Math.round(performance.now() - begun);
}

const program = fileURLToPath(new URL("../../../server/main.js", import.meta.url));
const port = await freePort();
const server = new PinnedProcess("server", [process.execPath, program], {
  HOST: "127.0.0.1",
  PORT: String(port),
  JWT_SECRET: secret,
  LIMIT_CONNECTIONS_PER_IP: "1000000",
  LIMIT_NEW_CONNECTIONS_PER_SECOND: "1000000",
  LIMIT_COMMANDS_PER_SECOND: "100000",
  LIMIT_COMMANDS_BURST: "100000",
});
const speech = dialects.signalbox;
const clients: RawClient[] = [];
let watched: WatchedPage | undefined;
try {
  await server.says("listening");
  watched = await WatchedPage.open(`http://127.0.0.1:${port}`, tokenOf("root", ["admin"]));
  await inPortions([...Array(count).keys()], async (index) => {
    const client = await RawClient.open(port, speech, speech.auth(`u${index}`, ["user"]));
    clients.push(client);
    await speech.create(client, `r${index}`);
    await speech.join(client, `r${index}`);
  });
  // By then the instance has told the registry.
  await wait(5_000);

  const { page, mainThread } = watched;
  await watched.slowDown(Number(values.slowdown));
  for (const { path, label, search, wanted } of lists) {
    const table = page.getByRole("table", { name: label });
    const rows = table.getByRole("row");
    await mainThread.beginTrace();
    await watched.show(path);
    const firstRowsMs = await timed(() => rows.nth(10).waitFor());
    const opening = await mainThread.endTrace();

    await mainThread.beginTrace();
    const isRead = page.getByRole("heading", { name: /\([\d,.]+\)$/ });
    const allRowsMs = await timed(async () => {
      while (!(await isRead.isVisible())) await page.evaluate(toTheEnd);
    });
    const scrolling = await mainThread.endTrace();
    const heading = await isRead.textContent();
    const inDocument = await rows.count();
    const heapMiB = Math.round((await watched.heapBytes()) / 2 ** 20);

    await mainThread.beginTrace();
    const searchMs = await timed(async () => {
      await page.getByRole("searchbox", { name: search }).fill(wanted);
      await table.getByText(wanted, { exact: true }).waitFor();
      while ((await rows.count()) !== 2) await wait(10);
    });
    const searching = await mainThread.endTrace();
    console.log({ heading, firstRowsMs, opening, allRowsMs, scrolling, inDocument, heapMiB, searchMs, searching });
  }
} finally {
  await watched?.close();
  for (const client of clients) client.close();
  await server.stop();
}
