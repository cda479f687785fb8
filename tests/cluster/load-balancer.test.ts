import { afterEach, describe, expect, it } from "@jest/globals";
import { Nginx } from "../../bench/run/nginx.ts";
import { connectSdk } from "../client-sdk/sdk-client.ts";
import { BlockingProxy } from "../support/blocking-proxy.ts";
import { freePort } from "../support/free-port.ts";
import { Program } from "../support/program.ts";
import { findProgram } from "../support/programs.ts";
import { testSecret, tokenOf } from "../support/tokens.ts";
import { eventually } from "../support/within.ts";
import { conversationId, sharedEnv, startInstances } from "./cluster.ts";
import { line, plainReader, type Reader, stockReader, streamReader } from "./readers.ts";

const opened: Nginx[] = [];
afterEach(async () => {
  for (const nginx of opened.splice(0)) await nginx.stop();
});

/** Two instances here, one that can be killed, and nginx in front of them, as it is given away. */
async function start() {
  const env = { ...(await sharedEnv()), TRUST_PROXY: "1" };
  const program = new Program({ ...env, JWT_SECRET: testSecret });
  const [a, b] = await startInstances(env, ["A", "B"]);
  const instances = [a.server.port, b.server.port, Number(new URL(await program.url()).port)];
  const nginx = await Nginx.start({ program: await findProgram("nginx"), port: await freePort(), instances });
  opened.push(nginx);
  return { a, b, program, url: nginx.url };
}

/** A backend that says one thing after the other, each until it is accepted, for as long as it is not told to stop. */
class Backend {
  readonly accepted: string[] = [];
  readonly #running: Promise<void>;
  #isStopping = false;

  constructor(url: string) {
    this.#running = this.#run(url);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#running;
  }

  async #run(url: string): Promise<void> {
    for (let i = 0; !this.#isStopping; ) {
      const body = JSON.stringify({ id: `m${i}`, message: `message ${i}` });
      const headers = {
        authorization: `Bearer ${tokenOf("backend", ["service"])}`,
        "content-type": "application/json",
      };
      const path = `${url}/api/conversations/${conversationId}/messages`;
      const response = await fetch(path, { method: "POST", headers, body });
      const { position } = (await response.json().catch(() => ({}))) as { position?: { offset: number } };
      // What a request has come to that broke off nobody knows: it is made again, with the same id.
      if (!response.ok || !position) continue;
      this.accepted.push(`${position.offset} message ${i}`);
      i++;
    }
  }
}

describe("three instances behind nginx without sticky sessions", () => {
  it("CLUSTER-16 readers at every door miss nothing and get nothing twice, while one instance is killed and one is stopped", async () => {
    const { a, b, program, url } = await start();
    const root = await a.connect("ada");
    await root.ok("conversation.create", { id: conversationId });
    root.close();
    const stock = await Promise.all([1, 2, 3, 4, 5, 6].map(() => stockReader(url, { transports: ["websocket"] })));
    const blocking = await BlockingProxy.start(url);
    const sdk = await connectSdk(blocking, "ada");
    const heard: string[] = [];
    sdk.chat.conversation(conversationId).on("chat_message", (event) => heard.push(line(event)));
    const readers: Reader[] = [
      ...stock,
      ...(await Promise.all([plainReader(url), plainReader(url), plainReader(url)])),
      ...(await Promise.all([streamReader(url), streamReader(url), streamReader(url)])),
      { seen: () => heard, refusals: () => [] },
    ];
    const places = stock.map(({ client }) => {
      const [established] = client.inbox.of<{ instanceId: string }>("system.connection.established");
      return established?.instanceId;
    });
    const backend = new Backend(url);
    const accepts = (count: number) => eventually(() => backend.accepted.length >= count, `${count} messages`);

    await accepts(50);
    await program.kill();
    await accepts(150);
    await b.server.drain(300);
    await b.server.close();
    await accepts(250);
    await backend.stop();
    const last = backend.accepted.at(-1) ?? "";
    for (const { seen } of readers) await eventually(() => seen().includes(last), `${last} everywhere`);

    expect(new Set(places).size).toBe(3);
    expect(sdk.transport).toBe("http");
    for (const { seen } of readers) expect(seen()).toEqual(backend.accepted);
    // Nobody was refused: what one instance would not take another one did.
    expect(readers.flatMap(({ refusals }) => refusals())).toEqual([]);
  });
});
