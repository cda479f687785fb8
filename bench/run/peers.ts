import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type DialectName, secret } from "../load/dialects.ts";
import { nchanCommand, nchanModule } from "../peers/nchan.ts";
import { type Core, PinnedProcess } from "./pinned-process.ts";

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const probe = fileURLToPath(new URL("loop-probe.js", import.meta.url));

interface Peer {
  dialect: DialectName;
  /** A program of Node. */
  program?: string;
  /** Another one: it is told by PORT where to listen, too, may write into a folder, and cannot be asked for anything. */
  foreign?: { isInstalled(): boolean; packages: string; command(port: number, folder: string): readonly string[] };
  environment?: Record<string, string>;
  /** Several instances of it behave as one, over Redis. */
  redis?: boolean;
  /** Only one of them. */
  alone?: boolean;
}

/** As `npm start` and the Procfile have it; for the others as well. */
const youngSpace = "--max-semi-space-size=64";

/** Far above what is sent: limits are tested elsewhere. They are looked at all the same. */
const signalbox: Peer = {
  dialect: "signalbox",
  program: `${root}/dist/server/main.js`,
  environment: {
    NODE_ENV: "production",
    HOST: "127.0.0.1",
    JWT_SECRET: secret,
    LOG_LEVEL: "warn",
    CORS_ORIGINS: "https://app.example.com",
    LIMIT_COMMANDS_PER_SECOND: "1000000",
    LIMIT_COMMANDS_BURST: "1000000",
    LIMIT_CONNECTIONS_PER_USER: "1000000",
    LIMIT_CONNECTIONS_PER_IP: "1000000",
    LIMIT_NEW_CONNECTIONS_PER_SECOND: "1000000",
  },
};
const socketIo: Peer = { dialect: "socket.io", program: `${root}/dist/bench/bench/peers/socket-io.js` };

/** Debian's own: one that came otherwise does not see Debian's packages. */
const debianPython = "/usr/bin/python3";

function python(file: string, modules: string, packages: string): NonNullable<Peer["foreign"]> {
  return {
    isInstalled: () => spawnSync(debianPython, ["-c", `import ${modules}`]).status === 0,
    packages,
    command: () => [debianPython, `${root}/bench/peers/${file}`],
  };
}

const peers = {
  signalbox,
  "signalbox over Redis": { ...signalbox, redis: true },
  "signalbox over Redis, alone": { ...signalbox, redis: true, alone: true },
  "socket.io": socketIo,
  "socket.io + redis-adapter": { ...socketIo, redis: true },
  "socket.io + redis-streams-adapter": { ...socketIo, redis: true, environment: { REDIS_STREAMS: "yes" } },
  "ws + XADD": { dialect: "ws", program: `${root}/dist/bench/bench/peers/xadd.js`, redis: true, alone: true },
  ws: { dialect: "ws", program: `${root}/dist/bench/bench/peers/ws.js` },
  nchan: {
    dialect: "nchan",
    foreign: { isInstalled: () => existsSync(nchanModule), packages: "libnginx-mod-nchan", command: nchanCommand },
  },
  "Flask-SocketIO": {
    dialect: "socket.io",
    foreign: python("flask_server.py", "flask_socketio, eventlet", "python3-flask-socketio python3-eventlet"),
  },
  FastAPI: {
    dialect: "ws",
    foreign: python("fastapi_server.py", "fastapi, uvicorn, websockets", "python3-fastapi uvicorn python3-websockets"),
  },
} satisfies Record<string, Peer>;
export type PeerName = keyof typeof peers;

export interface RunningPeer {
  dialect: DialectName;
  /** The instance that is published to, and the one that the others are at. */
  publish: Instance;
  subscribe: Instance;
  instances: readonly Instance[];
  /** Where their Redis is, if they have one. */
  redisPort: number;
  stop(): Promise<void>;
}

export interface Instance extends PinnedProcess {
  port: number;
  /** Whether it has the probe in it, which answers. */
  isProbed: boolean;
}

/** What has to be installed before the peer can be measured; `undefined` if it can be. */
export function missingFor(name: PeerName): string | undefined {
  const { foreign }: Peer = peers[name];
  return foreign && !foreign.isInstalled() ? foreign.packages : undefined;
}

/** Starts one instance, or two over a Redis of their own. */
export async function startPeer(name: PeerName, environment: Record<string, string> = {}): Promise<RunningPeer> {
  const peer: Peer = peers[name];
  const folder = mkdtempSync(join(tmpdir(), "signalbox-peer-"));
  const redisPort = await freePort();
  const redis = peer.redis
    ? new PinnedProcess("load", ["redis-server", "--port", String(redisPort), "--save", "", "--bind", "127.0.0.1"])
    : undefined;
  await redis?.says("Ready to accept connections");
  const start = async (core: Core): Promise<Instance> => {
    const port = await freePort();
    const ofNode = [process.execPath, youngSpace, "--expose-gc", "--import", probe, peer.program ?? ""];
    const server = new PinnedProcess(core, peer.foreign?.command(port, folder) ?? ofNode, {
      ...peer.environment,
      ...environment,
      PORT: String(port),
      ...(redis && { REDIS_URL: `redis://127.0.0.1:${redisPort}` }),
    });
    await answers(server, port);
    return Object.assign(server, { port, isProbed: !peer.foreign });
  };
  const subscribe = await start("server");
  // The instance that delivers is the one whose core is measured.
  const publish = peer.redis && !peer.alone ? await start("load") : subscribe;
  const instances = [...new Set([subscribe, publish])];
  return {
    dialect: peer.dialect,
    publish,
    subscribe,
    instances,
    redisPort,
    stop: async () => {
      for (const process of [...instances, ...(redis ? [redis] : [])]) await process.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Until it takes connections. */
async function answers(server: PinnedProcess, port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (server.child.exitCode !== null) throw new Error(`The server ended:\n${server.output}`);
    if (await isListening(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`The server does not listen:\n${server.output}`);
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
