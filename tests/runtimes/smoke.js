/**
 * Does the built server work on every version of Node that it may run on? Starts it on each, lets a stock Socket.IO
 * client sign in, send a message and receive it, and stops it with SIGTERM; with Redis too, where there is one.
 *
 *   npm run build && npm run runtimes              (or: npm run runtimes -- 22 24)
 *
 * Prints a line for each, and ends with 1 if one of them failed. Versions other than the one that runs this come from
 * npm's package `node`, into a temporary folder.
 */
import { execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { io } from "socket.io-client";

const run = promisify(execFile);
const server = fileURLToPath(new URL("../../dist/server/main.js", import.meta.url));
const majors = process.argv.length > 2 ? process.argv.slice(2) : ["20", "22", "24", "26"];
const limitMs = 30_000;
const downloadLimitMs = 180_000;

const folder = mkdtempSync(join(tmpdir(), "signalbox-runtimes-"));
const redis = await startRedis();
let failures = 0;
try {
  for (const major of majors) await tryVersion(major);
} finally {
  redis?.process.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}
process.exit(failures > 0 ? 1 : 0);

async function tryVersion(major) {
  const node = await attempt(`Node ${major}`, () => findNode(major));
  if (!node) return;
  const { stdout } = await run(node, ["--version"]);
  const stores = { memory: {}, ...(redis && { Redis: { REDIS_URL: redis.url, REDIS_PREFIX: `node-${major}` } }) };
  for (const [store, env] of Object.entries(stores)) {
    const name = `Node ${stdout.trim().slice(1)}, ${store}`;
    await attempt(name, async () => {
      const since = performance.now();
      await tryServer(node, env);
      console.log(`${name}: ok, in ${Math.round(performance.now() - since)} ms`);
    });
  }
}

async function attempt(name, action) {
  try {
    return await action();
  } catch (error) {
    failures++;
    console.log(`${name}: FAILED: ${error.message}`);
    return undefined;
  }
}

async function findNode(major) {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const place = join(folder, major);
  const install = ["install", "--prefix", place, "--no-save", "--no-fund", "--no-audit", `node@${major}`];
  const download = () => run("npm", install, { timeout: downloadLimitMs });
  // The registry is far away: it gets a second chance, and no third.
  await download().catch(download);
  return join(place, "node_modules/node/bin/node");
}

async function tryServer(node, env) {
  const { PATH } = process.env;
  // In an empty folder, where there is no `.env`.
  const child = spawn(node, [server], { cwd: folder, env: { PATH, HOST: "127.0.0.1", PORT: "0", ...env } });
  const ended = once(child, "close");
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (said += text));
  try {
    const tokenOf = (person) => new RegExp(`${person}, .*\\n\\s+(http://[^/]+)/#token=(\\S+)`).exec(said);
    await until(() => tokenOf("Bob") !== null || child.exitCode !== null, "the links with tokens");
    const [, url, ada] = tokenOf("Ada");
    await exchangeMessage(url, ada, tokenOf("Bob")[2]);
    child.kill("SIGTERM");
    const [code] = await within(ended, "the end of the server");
    if (code !== 0) throw new Error(`it ended with ${code}`);
  } catch (error) {
    throw new Error(`${error.message}; the server said:\n${said}`, { cause: error });
  } finally {
    child.kill("SIGKILL");
  }
}

/** One user writes over a WebSocket; the other one, who polls, receives it. */
async function exchangeMessage(url, writersToken, readersToken) {
  const id = randomUUID();
  const connect = (token, transport) => io(`${url}/chat`, { auth: { token }, transports: [transport], forceNew: true });
  const writer = connect(writersToken, "websocket");
  const reader = connect(readersToken, "polling");
  const ask = async (client, command, payload) => {
    const reply = await client.timeout(limitMs).emitWithAck(command, payload);
    if (!reply.ok) throw new Error(`${command} was refused: ${JSON.stringify(reply.error)}`);
  };
  try {
    const received = new Promise((resolve) => reader.once("chat_message", resolve));
    await ask(writer, "conversation.create", { id, members: ["bob"] });
    for (const client of [writer, reader]) await ask(client, "join_room", { room: `conversation:${id}` });
    await ask(writer, "chat_message", { conversationId: id, message: process.version });
    const { data } = await within(received, "the message");
    if (data.message !== process.version) throw new Error(`the message was ${JSON.stringify(data)}`);
  } finally {
    writer.disconnect();
    reader.disconnect();
  }
}

/** Where the program is installed. */
async function startRedis() {
  const reserved = createServer().listen(0, "127.0.0.1");
  await once(reserved, "listening");
  const { port } = reserved.address();
  reserved.close();
  const args = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--dir", folder];
  const child = spawn("redis-server", args, { stdio: ["ignore", "pipe", "ignore"] });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (said += text));
  let isMissing = false;
  child.once("error", () => (isMissing = true));
  await until(() => isMissing || said.includes("Ready to accept connections"), "Redis to be ready");
  if (isMissing) console.log("redis-server is not installed: trying without");
  return isMissing ? undefined : { url: `redis://127.0.0.1:${port}`, process: child };
}

async function until(holds, what) {
  const since = performance.now();
  while (!holds()) {
    if (performance.now() - since > limitMs) throw new Error(`waited ${limitMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function within(promise, what) {
  const late = new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`waited ${limitMs} ms for ${what}`)), limitMs).unref();
  });
  return Promise.race([promise, late]);
}
