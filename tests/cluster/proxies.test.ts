import { afterEach, describe, expect, it } from "@jest/globals";
import { DeliveredProxy } from "../../bench/run/delivered-proxy.ts";
import { nginx } from "../../bench/run/nginx.ts";
import { connectSdk } from "../client-sdk/sdk-client.ts";
import { BlockingProxy } from "../support/blocking-proxy.ts";
import { type Certificate, createCertificate } from "../support/certificate.ts";
import { freePort } from "../support/free-port.ts";
import { Http2Client } from "../support/http2-client.ts";
import { Program } from "../support/program.ts";
import { findProgram, installationMs } from "../support/programs.ts";
import { apache } from "../support/proxies/apache.ts";
import { caddy } from "../support/proxies/caddy.ts";
import { haproxy } from "../support/proxies/haproxy.ts";
import { TestWebSocket } from "../support/test-websocket.ts";
import { testSecret, tokenOf } from "../support/tokens.ts";
import { eventually } from "../support/within.ts";
import { Backend, SteadyBackend } from "./backends.ts";
import { conversationId, room, sharedEnv } from "./cluster.ts";
import { line, plainReader, type Reader, stockReader, streamReader } from "./readers.ts";

const opened: DeliveredProxy[] = [];
afterEach(async () => {
  for (const proxy of opened.splice(0)) await proxy.stop();
});

/** What proxies differ in, as docs/DEPLOYMENT.md says. */
const kinds = [
  {
    kind: nginx,
    program: "nginx",
    /** Whether a reload leaves open connections alone. */
    keepsOnReload: true,
    /** Whether what a stopping instance refuses is taken by another one, without the client noticing. */
    asksNext: true,
    /** Whether it compresses what may be compressed. Event streams may not. */
    compresses: false,
  },
  { kind: haproxy, program: "haproxy", keepsOnReload: true, asksNext: true, compresses: false },
  { kind: caddy, program: "caddy", keepsOnReload: false, asksNext: false, compresses: true },
  { kind: apache, program: "apache", keepsOnReload: true, asksNext: false, compresses: true },
] as const;

/** Instances of a cluster with the proxy in front of them, as its configuration is given away. */
async function start({ kind, program }: Pick<(typeof kinds)[number], "kind" | "program">, tls?: Certificate) {
  const limits = { LIMIT_CONNECTIONS_PER_IP: "1000", DRAIN_MS: "3000" };
  const env = { ...(await sharedEnv()), ...limits, TRUST_PROXY: "1", JWT_SECRET: testSecret };
  const instances = await Promise.all([1, 2, 3].map(() => startInstance(env)));
  const path = await findProgram(program);
  const ports = instances.map(({ port }) => port);
  const secure = tls && { port: await freePort(), certificate: tls.file };
  const options = { program: path, port: await freePort(), tls: secure, instances: ports };
  const proxy = await DeliveredProxy.start(kind, options);
  opened.push(proxy);
  return { proxy, url: proxy.url, secureUrl: `https://localhost:${secure?.port}`, instances };
}

async function startInstance(env: Record<string, string>) {
  const program = new Program(env);
  const { port } = new URL(await program.url());
  const client = new TestWebSocket(`ws://127.0.0.1:${port}/ws?token=${tokenOf("ada")}`);
  const { instanceId } = await client.inbox.one<{ instanceId: string }>("system.connection.established");
  client.close();
  return { program, port: Number(port), instanceId };
}

/** Readers by all doors, each kind as often as there are instances. */
async function openReaders(url: string) {
  // In Node a client sends cookies only when it is told to.
  const stock = (transports: string[]) => stockReader(url, { transports, withCredentials: true });
  const polling = await stock(["polling"]);
  const sdk = await connectSdk(await BlockingProxy.start(url), "ada");
  const heard: string[] = [];
  sdk.chat.conversation(conversationId).on("chat_message", (event) => heard.push(line(event)));
  expect(sdk.transport).toBe("http");
  const lasting: [string, Reader][] = [];
  for (const n of [1, 2, 3]) {
    lasting.push([`Socket.IO ${n}`, await stock(["websocket"])]);
    lasting.push([`WebSocket ${n}`, await plainReader(url)]);
    lasting.push([`event stream ${n}`, await streamReader(url)]);
  }
  const others: [string, Reader][] = [
    ["Socket.IO by polling", polling],
    ["Socket.IO that begins with polling", await stock(["polling", "websocket"])],
    ["long poll", { seen: () => heard, refusals: () => [], ended: () => 0 }],
  ];
  return { all: [...lasting, ...others], lasting: lasting.map(([, reader]) => reader), polling };
}

describe.each(kinds)("three instances behind $program, with the configuration of this repository", (row) => {
  it(
    "CLUSTER-16 readers at every door miss nothing and get nothing twice, and no POST fails, while it reloads and one instance is killed and one is stopped",
    async () => {
      const { proxy, url, instances } = await start(row);
      const headers = { authorization: `Bearer ${tokenOf("ada")}`, "content-type": "application/json" };
      const body = JSON.stringify({ id: conversationId });
      const created = await fetch(`${url}/api/conversations`, { method: "POST", headers, body });
      const document = await fetch(`${url}/api/openapi.json`, { headers: { "accept-encoding": "gzip" } });
      const { all, lasting, polling } = await openReaders(url);
      const [established] = polling.client.inbox.of<{ instanceId: string }>("system.connection.established");
      const stopping = instances.find(({ instanceId }) => instanceId === established?.instanceId);
      const killed = instances.find((instance) => instance !== stopping);
      const backend = new Backend(url);
      const accepts = (count: number) => {
        const enough = backend.accepted.length + count;
        return eventually(() => backend.accepted.length >= enough, `${count} messages`);
      };

      await accepts(30);
      const endedBefore = lasting.map(({ ended }) => ended());
      await proxy.reload(await freePort());
      await accepts(30);
      const endedByReload = lasting.map(({ ended }, n) => ended() - (endedBefore[n] ?? 0));
      await killed?.program.kill();
      await accepts(60);
      const steady = new SteadyBackend(url);
      stopping?.program.signal("SIGTERM");
      const code = await stopping?.program.end();
      await accepts(30);
      await Promise.all([backend.stop(), steady.stop()]);
      const said = [...backend.accepted, ...steady.accepted].sort((a, b) => a.offset - b.offset);
      const expected = said.map(({ offset, message }) => `${offset} ${message}`);
      const last = expected.at(-1) ?? "";
      for (const [name, { seen }] of all) await eventually(() => seen().includes(last), `${last} by ${name}`);

      expect(created.status).toBe(201);
      expect(document.headers.get("content-encoding")).toBe(row.compresses ? "gzip" : null);
      expect(code).toBe(0);
      for (const [name, { seen }] of all) expect([name, ...seen()]).toEqual([name, ...expected]);
      expect(steady.failures).toEqual([]);
      if (row.keepsOnReload) expect(endedByReload).toEqual(lasting.map(() => 0));
      // Nobody was refused: what one instance would not take another one did.
      if (row.asksNext) expect(all.flatMap(([, { refusals }]) => refusals())).toEqual([]);
    },
    installationMs,
  );
});

describe("HAProxy with HTTP/2 and TLS, with the configuration of this repository", () => {
  it(
    "CLUSTER-19 a WebSocket, eight event streams and requests share one connection, and a WebSocket at another path is refused",
    async () => {
      const certificate = await createCertificate();
      const { secureUrl } = await start({ kind: haproxy, program: "haproxy" }, certificate);
      const client = await Http2Client.connect(secureUrl, certificate.certificate);
      const authorization = `Bearer ${tokenOf("ada")}`;
      const post = (path: string, body: object) => {
        const headers = { ":method": "POST", ":path": path, authorization, "content-type": "application/json" };
        return client.request(headers, JSON.stringify(body));
      };

      const created = await post("/api/conversations", { id: conversationId });
      const path = `/api/events?topics=${room}`;
      const stream = { ":path": path, accept: "text/event-stream", authorization };
      const streams = await Promise.all(Array.from({ length: 8 }, () => client.request(stream)));
      const webSocket = await client.webSocket(`/ws?token=${tokenOf("ada")}&conversation_id=${conversationId}`);
      await eventually(() => webSocket.text().includes('"reply"'), "the WebSocket in the conversation");
      const waiting = client.request({ ":path": `${path}&wait=55`, authorization });
      const refused = await client.webSocket("/nothing");
      const said = await post(`/api/conversations/${conversationId}/messages`, { message: "over HTTP/2" });
      const readers = [webSocket, ...streams, await waiting];
      for (const reader of readers) await eventually(() => reader.text().includes("over HTTP/2"), "the message");

      expect([created, said, ...readers].map(({ status }) => status)).toEqual([201, 201, ...readers.map(() => 200)]);
      expect(refused.status).toBe(404);
    },
    installationMs,
  );
});
