import { afterEach } from "@jest/globals";
import { Closers } from "../../server/compose/closers.ts";
import { loadConfig } from "../../server/compose/config.ts";
import { createServer, type SignalboxServer } from "../../server/compose/create-server.ts";
import type { Overrides } from "../../server/compose/overrides.ts";
import { createLogger } from "../../server/observe/logger.ts";
import type { Namespace } from "../../shared/namespace.ts";
import type { Role } from "../../shared/role.ts";
import { type StoreName, storeEnv } from "./stores.ts";
import { TestClient } from "./test-client.ts";
import { TestEventStream } from "./test-event-stream.ts";
import { TestWebSocket } from "./test-websocket.ts";
import { testSecret, tokenOf } from "./tokens.ts";

export interface StartOptions {
  /** Default: `memory`, for what no store can change. */
  store?: StoreName;
  /** Settings beyond those of every test. */
  env?: Record<string, string>;
  overrides?: Overrides;
}

interface ClientOptions<N extends Namespace> {
  namespace?: N;
  roles?: readonly Role[];
  /** Claims of the token beyond the usual. */
  claims?: Record<string, unknown>;
  /** What stands in Socket.IO's `auth` beside the token. */
  auth?: Record<string, unknown>;
  /** Options of the stock client. */
  io?: Record<string, unknown>;
}

const opened = new Closers();
// Closed in reverse order: clients before their server.
afterEach(() => opened.close());

/** A real server on a port of its own, closed after the test together with its clients. */
export async function startServer(options: StartOptions = {}): Promise<TestServer> {
  const config = loadConfig({
    NODE_ENV: "test",
    PORT: "0",
    JWT_SECRET: testSecret,
    PRESENCE_GRACE_MS: "0",
    ...(await storeEnv(options.store ?? "memory")),
    ...options.env,
  });
  const lines: string[] = [];
  const logger = createLogger({ level: config.LOG_LEVEL, format: "json", write: (line) => void lines.push(line) });
  const server = await createServer({ ...config, JWT_SECRET: testSecret }, logger, options.overrides);
  opened.add("server", () => server.close());
  return new TestServer(server, lines, options.env?.PORT !== undefined);
}

export class TestServer {
  readonly server: SignalboxServer;
  /** What the server has logged. */
  readonly lines: string[];
  readonly #takesPlace: boolean;

  /** `takesPlace`: it listens on the port of one that was closed. */
  constructor(server: SignalboxServer, lines: string[], takesPlace = false) {
    this.server = server;
    this.lines = lines;
    this.#takesPlace = takesPlace;
  }

  get url(): string {
    return this.server.url;
  }

  /** A stock client that may still be refused. */
  client<N extends Namespace = "/chat">(sub: string, options: ClientOptions<N> = {}): TestClient<N> {
    const { namespace = "/chat" as N, roles, claims, auth, io } = options;
    const token = tokenOf(sub, roles, claims);
    const client = new TestClient(this.url, namespace, { auth: { token, ...auth }, ...io });
    opened.add("client", () => client.close());
    return client;
  }

  /** A stock client that is connected. */
  async connect<N extends Namespace = "/chat">(sub: string, options: ClientOptions<N> = {}): Promise<TestClient<N>> {
    const client = this.client(sub, options);
    await client.inbox.one("system.connection.established");
    return client;
  }

  /** Clients of these users, all of them in a conversation of theirs. */
  async conversation<Subs extends readonly string[]>(
    id: string,
    ...subs: Subs
  ): Promise<{ [I in keyof Subs]: TestClient }> {
    const clients: TestClient[] = [];
    for (const sub of subs) clients.push(await this.connect(sub));
    await clients[0]?.ok("conversation.create", { id, members: [...subs] });
    for (const client of clients) await client.ok("join_room", { room: `conversation:${id}` });
    return clients as { [I in keyof Subs]: TestClient };
  }

  /** A plain WebSocket; `query` is added to that of the token. */
  webSocket(sub: string, { roles, query = "" }: { roles?: readonly Role[]; query?: string } = {}): TestWebSocket {
    return this.rawWebSocket(`/ws?token=${tokenOf(sub, roles)}${query}`);
  }

  rawWebSocket(path: string, options: { headers?: Record<string, string> } = {}): TestWebSocket {
    const client = new TestWebSocket(this.url.replace("http", "ws") + path, options);
    opened.add("WebSocket", () => client.socket.terminate());
    return client;
  }

  async connectWebSocket(
    sub: string,
    options: { roles?: readonly Role[]; query?: string } = {},
  ): Promise<TestWebSocket> {
    const client = this.webSocket(sub, options);
    await client.inbox.one("system.connection.established");
    return client;
  }

  /** A reader of an event stream that may still be refused. */
  async eventStream(
    sub: string,
    query: string,
    options: { roles?: readonly Role[]; claims?: Record<string, unknown>; lastEventId?: string | undefined } = {},
  ): Promise<TestEventStream> {
    const { roles, claims, lastEventId } = options;
    const stream = await TestEventStream.open(`${this.url}/api/events?${query}`, {
      authorization: `Bearer ${tokenOf(sub, roles, claims)}`,
      ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
    });
    opened.add("event stream", () => stream.close());
    return stream;
  }

  /** An HTTP request with the user's token. */
  async request(
    method: string,
    path: string,
    {
      as = "ada",
      roles,
      body,
      headers,
    }: { as?: string | null; roles?: readonly Role[]; body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<{ status: number; headers: Headers; body: Record<string, unknown> }> {
    // Under another name of the host: `fetch` may still keep connections to the server that was closed, by its name.
    const url = this.#takesPlace ? this.url.replace("localhost", "127.0.0.1") : this.url;
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(as === null ? {} : { authorization: `Bearer ${tokenOf(as, roles)}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json");
    return {
      status: response.status,
      headers: response.headers,
      body: isJson && text !== "" ? JSON.parse(text) : { text },
    };
  }
}
