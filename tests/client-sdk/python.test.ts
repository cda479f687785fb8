import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "@jest/globals";
import { BlockingProxy } from "../support/blocking-proxy.ts";
import { alertOf, progressOf, taskCreation, tell } from "../support/monitoring.ts";
import { audience, TestProvider } from "../support/openid-provider.ts";
import { runPython } from "../support/python-script.ts";
import { startServer } from "../support/server.ts";
import { type StoreName, storeEnv, stores } from "../support/stores.ts";
import { tokenOf } from "../support/tokens.ts";
import { connectSdk } from "./sdk-client.ts";

interface Line {
  state?: string;
  /** Seconds. */
  offline?: number | null;
  nextIn?: number | null;
  live?: string;
  gap?: string;
  topic?: string;
  type?: string;
  room?: string;
  message?: string;
  refused?: string;
  left?: string;
  more?: boolean;
  history?: string[];
  older?: string[];
  duplicates?: boolean[];
  same?: boolean;
}

/** Watches topics with the Python package. */
const watch = (url: string, token: string, ...topics: string[]) => run("watch_sdk.py", url, token, ...topics);

/** A program of `tests/support/python`, and what it has said. */
function run(program: string, ...args: string[]) {
  const inbox = runPython(program, ...args);
  const lines = () => inbox.of<Line>("line");
  const rooms = () => lines().flatMap(({ topic, room }) => (room === undefined ? [] : [`${topic} ${room}`]));
  return {
    lines,
    rooms,
    has: (line: Line) => inbox.until(() => lines().some((other) => contains(other, line)), JSON.stringify(line)),
    /** In a state, after having been in another one. */
    isInAgain: (state: string) =>
      inbox.until(() => lines().filter((line) => line.state === state).length > 1, `${state} again`),
    hasRooms: (count: number) => inbox.until(() => rooms().length >= count, `${count} events`),
    messages: () => lines().flatMap(({ message }) => message ?? []),
    gaps: () => lines().flatMap(({ gap }) => gap ?? []),
  };
}

const contains = (line: Line, part: Line) =>
  Object.entries(part).every(([name, value]) => isDeepStrictEqual(line[name as keyof Line], value));

const token = tokenOf("mona", ["monitor"]);

describe("the package for Python", () => {
  it("PYTHON-2 it delivers the same events over HTTP if a proxy blocks WebSockets", async () => {
    const server = await startServer();
    const proxy = await BlockingProxy.start(server.url);
    const watcher = watch(proxy.url, token, "task:*");
    await watcher.has({ live: "http" });

    const ids = Array.from({ length: 20 }, (_, index) => `t${index}`);
    for (const id of ids) await tell(server, taskCreation(id));
    await watcher.hasRooms(20);

    expect(watcher.rooms()).toEqual(ids.map((id) => `task:* task:${id}`));
    expect(watcher.gaps()).toEqual([]);
  });

  it("PYTHON-3 with an invalid token it is unauthorized, and stays so", async () => {
    const server = await startServer({ store: "memory" });

    const watcher = watch(server.url, "nonsense", "task:*");

    await watcher.has({ state: "unauthorized" });
    expect(watcher.lines().map(({ state }) => state)).toEqual(["connecting", "unauthorized"]);
  });
});

describe.each(stores)("the package for Python (%s)", (store) => {
  it("PYTHON-1 callbacks get the events of their topics, and resume from their position after an outage of the server", async () => {
    const env = await storeEnv(store);
    const server = await startServer({ store, env });
    const watcher = watch(server.url, token, "task:*", "stream:s1");
    await watcher.has({ live: "websocket" });

    await tell(server, taskCreation("t1"), progressOf("s1", 1), progressOf("s2", 1), alertOf("a1"));
    await watcher.hasRooms(2);
    await server.server.close();
    await watcher.has({ state: "reconnecting" });
    const again = await startServer({ store, env: { ...env, PORT: String(server.server.port) } });
    await tell(again, taskCreation("t2"), progressOf("s1", 2));
    await watcher.hasRooms(4);

    expect(watcher.rooms().slice(0, 2)).toEqual(["task:* task:t1", "stream:s1 stream:s1"]);
    // What was missed is told subscription by subscription.
    expect(watcher.rooms().slice(2).toSorted()).toEqual(["stream:s1 stream:s1", "task:* task:t2"]);
    // In memory the history is gone with the server, and each subscription is told.
    expect(new Set(watcher.gaps())).toEqual(new Set(store === "memory" ? ["epoch_changed"] : []));
  });
});

/** A conversation of ada's and pia's, where something has been said. */
async function startTalk(store: StoreName) {
  const env = await storeEnv(store);
  const server = await startServer({ store, env });
  const ada = await connectSdk(server, "ada");
  await ada.chat.create({ id: "42", members: ["pia"] });
  const conversation = ada.chat.conversation("42");
  for (const text of ["first", "second"]) await conversation.send(text);
  return { env, server, conversation };
}

describe("conversations in the package for Python", () => {
  it("PYTHON-4 they work over HTTP if a proxy blocks WebSockets", async () => {
    const { server, conversation } = await startTalk("memory");
    const proxy = await BlockingProxy.start(server.url);
    const pia = run("chat_sdk.py", proxy.url, tokenOf("pia"), "no history");
    await pia.has({ live: "http" });

    await conversation.send("third");
    await pia.has({ message: "third" });
    await pia.has({ message: "from Python" });
    await pia.has({ refused: "not_found" });

    expect(pia.messages().toSorted()).toEqual(["first", "from Python", "second", "third"]);
  });
});

describe.each(stores)("conversations in the package for Python (%s)", (store) => {
  it("PYTHON-4 a program follows them, writes, reads history, and resumes from its position after an outage of the server", async () => {
    const { env, server, conversation } = await startTalk(store);
    const pia = run("chat_sdk.py", server.url, tokenOf("pia"), "history");
    await pia.has({ more: true });

    await conversation.send("third");
    await pia.has({ message: "third" });
    await server.server.close();
    await pia.has({ state: "reconnecting" });
    const again = await startServer({ store, env: { ...env, PORT: String(server.server.port) } });
    if (store === "memory") {
      // A server without a memory knows no conversations either.
      await pia.has({ left: "not_found" });
    } else {
      await (await connectSdk(again, "ada")).chat.conversation("42").send("later");
      await pia.has({ message: "later" });
      await (await connectSdk(again, "ada")).chat.conversation("42").removeMember("pia");
      await pia.has({ left: "forbidden" });
    }

    await pia.has({ duplicates: [false, true], same: true });
    await pia.has({ history: ["second", "from Python"], more: true });
    await pia.has({ older: ["first"] });
    await pia.has({ refused: "not_found" });
    const heard = ["first", "second", "from Python", "third"];
    expect(pia.messages()).toEqual(store === "memory" ? heard : [...heard, "later"]);
    expect(pia.gaps()).toEqual([]);
  });
});

describe("the reconnecting client of the package for Python", () => {
  it("PYTHON-5 it says since when it has been offline and when it tries again, and tries at once on request", async () => {
    const server = await startServer({ store: "memory" });
    const client = run("reconnect_sdk.py", server.url, token, "60", "0");
    await client.has({ state: "active" });

    await server.server.close();
    await client.has({ state: "reconnecting" });
    await startServer({ store: "memory", env: { PORT: String(server.server.port) } });
    await client.isInAgain("active");

    const [lost] = client.lines().filter(({ state }) => state === "reconnecting");
    expect(lost?.nextIn).toBeGreaterThan(50);
    expect(lost?.offline).toBeGreaterThanOrEqual(0);
    expect(client.lines().at(-1)).toEqual({ state: "active", offline: null, nextIn: null });
  });

  it("PYTHON-5 it keeps trying after a temporary refusal", async () => {
    const provider = await TestProvider.start();
    provider.isDown = true;
    const env = { OIDC_ISSUER: provider.issuer, OIDC_AUDIENCE: audience };
    const server = await startServer({ store: "memory", env });

    const client = run("reconnect_sdk.py", server.url, provider.sign({ roles: ["monitor"] }), "0.2", "0");
    await client.has({ state: "reconnecting" });
    provider.isDown = false;
    await client.has({ state: "active" });

    expect(client.lines().map(({ state }) => state)).not.toContain("closed");
  });

  it("PYTHON-5 it gives up after the maximum of attempts, if one is set", async () => {
    const server = await startServer({ store: "memory" });
    await server.server.close();

    const client = run("reconnect_sdk.py", server.url, token, "0.01", "3");
    await client.has({ state: "closed" });

    const attempts = client.lines().filter(({ state }) => state === "connecting");
    expect(attempts).toHaveLength(4);
  });
});
