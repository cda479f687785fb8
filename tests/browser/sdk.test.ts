import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import type { Page } from "playwright-core";
import { BlockingProxy } from "../client-sdk/blocking-proxy.ts";
import { connectSdk } from "../client-sdk/sdk-client.ts";
import { buildProgram, Program } from "../support/program.ts";
import { installationMs } from "../support/programs.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { storeEnv } from "../support/stores.ts";
import { testSecret, tokenOf } from "../support/tokens.ts";
import { eventually } from "../support/within.ts";
import { buildSdk, SdkPage } from "./sdk-page.ts";
import { TestBrowser } from "./test-browser.ts";

const testMs = 60_000;

/** Follows a conversation, and keeps what it was told where a reload finds it. */
const follow = (url: string, token: string) => `(async () => {
  const { createClient } = await import("@signalbox/client");
  const client = createClient({ url: ${JSON.stringify(url)}, token: ${JSON.stringify(token)}, positions: "session",
    backoff: { baseMs: 100, maxMs: 1000, attempts: Infinity } });
  const begun = performance.now();
  window.client = client;
  window.heard = () => JSON.parse(sessionStorage.getItem("heard") ?? "[]");
  window.states = [];
  client.on("statechange", ({ newState }) => window.states.push([newState, performance.now()]));
  const conversation = client.chat.conversation("42");
  conversation.on("chat_message", ({ data }) => {
    sessionStorage.setItem("heard", JSON.stringify([...window.heard(), data.message]));
  });
  const live = new Promise((resolve) => conversation.on("joined", resolve));
  conversation.on("gap", (gap) => sessionStorage.setItem("gap", JSON.stringify(gap)));
  await client.connect();
  await live;
  return performance.now() - begun;
})()`;

const heard = (page: Page) => page.evaluate<string[]>("window.heard()");
const stateOf = (page: Page) => page.evaluate<string>("window.client.state");

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `message ${index}`);

describe("the package in a browser", () => {
  let browser: TestBrowser;
  let site: SdkPage;
  beforeAll(async () => {
    buildProgram();
    buildSdk();
    site = await SdkPage.start();
    browser = await TestBrowser.launch();
  }, installationMs);
  afterEach(() => browser.closePages(), testMs);
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  }, testMs);

  it(
    "SDK-23 shows everything once and in order, while the server is killed three times and the page is loaded anew",
    async () => {
      const env = { JWT_SECRET: testSecret, NODE_ENV: "test", ...(await storeEnv("redis")) };
      let program = new Program(env);
      const url = await program.url();
      const port = new URL(url).port;
      const robot = await connectSdk({ url }, "robot", { roles: ["service"], maxWaiting: 2_000 });
      await robot.chat.create({ id: "42", members: ["bob"] });
      const page = await browser.openPage(site.url);
      await page.evaluate(follow(url, tokenOf("bob")));

      const sending = (async () => {
        const messages = numbered(1_000);
        for (let from = 0; from < 1_000; from += 50) {
          const some = messages.slice(from, from + 50);
          await Promise.all(some.map((text) => robot.chat.conversation("42").send(text)));
        }
      })();
      for (const count of [200, 400, 600]) {
        await eventually(async () => (await heard(page)).length >= count, `${count} messages`);
        await program.kill();
        program = new Program({ ...env, PORT: port });
        await program.url();
        if (count === 400) {
          await page.reload();
          await page.evaluate(follow(url, tokenOf("bob")));
        }
      }
      await sending;
      await eventually(async () => (await heard(page)).length >= 1_000, "1000 messages");

      expect(await heard(page)).toEqual(numbered(1_000));
      expect(await page.evaluate("sessionStorage.getItem('gap')")).toBeNull();
      // The browser notes every attempt while the server is away.
      expect(browser.faults.filter((fault) => !fault.includes("ERR_CONNECTION_REFUSED"))).toEqual([]);
    },
    testMs,
  );

  it(
    "SDK-23 is connected within 500 ms, and again within 1 s of the network's coming back",
    async () => {
      const server = await startServer({ store: "memory" });
      const url = server.url.replace("localhost", "127.0.0.1");
      const robot = await connectSdk({ url }, "robot", { roles: ["service"] });
      await robot.chat.create({ id: "42", members: ["bob"] });
      const page = await browser.openPage(site.url);

      const connectedMs = await page.evaluate<number>(follow(url, tokenOf("bob")));
      await page.context().setOffline(true);
      await eventually(async () => (await stateOf(page)) === "reconnecting", "the loss");
      await robot.chat.conversation("42").send("while away");
      await page.evaluate("addEventListener('online', () => { window.onlineAt = performance.now(); })");
      await page.context().setOffline(false);
      await eventually(async () => (await stateOf(page)) === "active", "the connection");
      const backMs = await page.evaluate<number>("window.states.at(-1)[1] - window.onlineAt");
      await eventually(async () => (await heard(page)).length === 1, "the message");

      expect(connectedMs).toBeLessThan(500);
      expect(backMs).toBeLessThan(1_000);
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it(
    "SDK-23 shows the same over HTTP where a proxy blocks WebSockets",
    async () => {
      const server = await startServer({ store: "memory" });
      const proxy = await BlockingProxy.start(server.url);
      const robot = await connectSdk(server, "robot", { roles: ["service"] });
      await robot.chat.create({ id: "42", members: ["bob"] });
      const page = await browser.openPage(site.url);
      await page.evaluate(follow(proxy.url, tokenOf("bob")));

      for (const text of numbered(100)) await robot.chat.conversation("42").send(text);
      await eventually(async () => (await heard(page)).length >= 100, "100 messages");

      expect(await heard(page)).toEqual(numbered(100));
      expect(await page.evaluate("window.client.transport")).toBe("http");
    },
    testMs,
  );

  it(
    "SDK-27 is connected by the cookie of a session, over HTTP too, until the session is ended",
    async () => {
      const server = await startServer({ store: "memory" });
      const url = server.url.replace("localhost", "127.0.0.1");
      const proxy = await BlockingProxy.start(url);
      const page = await browser.openPage(site.url);
      const enter = () =>
        page.evaluate<unknown[]>(`(async () => {
          const { createClient } = await import("@signalbox/client");
          const { createCookieSession } = await import("@signalbox/client/session");
          window.session = createCookieSession({ url: ${JSON.stringify(url)} });
          const before = await session.current();
          if (!before) await session.begin(${JSON.stringify(tokenOf("bob"))});
          window.clients = [${JSON.stringify(url)}, ${JSON.stringify(proxy.url)}].map((url) =>
            createClient({ url, cookie: true, backoff: { baseMs: 50 } }));
          await Promise.all(clients.map((client) => client.connect()));
          const sent = await clients[1].chat.create();
          return [before?.userId, ...clients.flatMap(({ userId, transport }) => [userId, transport]),
            sent.conversation.members.join()];
        })()`);

      const first = await enter();
      await page.reload();
      const again = await enter();
      await page.evaluate("session.end()");
      await eventually(() => page.evaluate<boolean>("clients[0].state === 'closed'"), "the end");
      const refusal = await page.evaluate(`(clients[1].disconnect(), clients[1].connect().catch(({ code }) => code))`);

      expect(first).toEqual([undefined, "bob", "websocket", "bob", "http", "bob"]);
      expect(again).toEqual(["bob", "bob", "websocket", "bob", "http", "bob"]);
      expect([await page.evaluate("clients[0].status.reason"), refusal]).toEqual(["revoked", "unauthenticated"]);
      expect(await page.evaluate("session.current()")).toBeNull();
    },
    testMs,
  );

  it(
    "SDK-24 the elements show the state by colour, shape and words",
    async () => {
      const server = await startServer({ store: "memory" });
      const url = server.url.replace("localhost", "127.0.0.1");
      const robot = await connectSdk({ url }, "robot", { roles: ["service"] });
      await robot.chat.create({ id: "42", members: ["bob"] });
      const page = await browser.openPage(site.url);
      await page.evaluate(follow(url, tokenOf("bob")));
      await page.evaluate(`import("@signalbox/client/element").then(() => {
        for (const name of ["connection-status", "freshness-badge"]) {
          const element = document.createElement(name);
          document.body.append(element);
          element.client = window.client;
        }
      })`);
      const status = page.locator("connection-status");
      const badge = page.locator("freshness-badge");
      const shape = () => status.locator("[part=indicator]").getAttribute("data-shape");

      await status.getByText("Connected", { exact: true }).waitFor();
      await badge.getByText("live").waitFor();
      const whenActive = await shape();
      await server.server.close();
      await status.getByText(/attempt \d/).waitFor();
      await status.getByText(/next in 1 s/).waitFor();
      await badge.getByText(/stale since/).waitFor();
      const whenLost = await shape();
      await startServer({ store: "memory", env: { PORT: String(server.server.port) } });
      await status.getByText("Connected", { exact: true }).waitFor();
      await page.evaluate("window.client.disconnect()");
      await status.getByText("Disconnected", { exact: true }).waitFor();

      expect([whenActive, whenLost, await shape()]).toEqual(["circle", "ring", "square"]);
      expect(await status.getByRole("status").getAttribute("aria-live")).toBe("polite");
      // The server was away for a moment, and the browser says so of every attempt that comes just then.
      expect(browser.faults.filter((fault) => !fault.includes("ERR_CONNECTION_REFUSED"))).toEqual([]);
    },
    testMs,
  );

  it(
    "SDK-25 the hooks show a conversation, in StrictMode, without a storm of renderings",
    async () => {
      const server = await startServer({ store: "memory" });
      const url = server.url.replace("localhost", "127.0.0.1");
      const robot = await connectSdk({ url }, "robot", { roles: ["service"] });
      await robot.chat.create({ id: "42", members: ["bob"] });
      const page = await browser.openPage(site.url);
      await page.evaluate(`(async () => {
        const { createElement: h, StrictMode } = await import("react");
        const { createRoot } = await import("react-dom/client");
        const { createClient } = await import("@signalbox/client");
        const sdk = await import("@signalbox/client/react");
        const client = createClient({ url: ${JSON.stringify(url)}, token: ${JSON.stringify(tokenOf("bob"))} });
        window.renderings = 0;
        function Chat() {
          window.renderings += 1;
          const { state } = sdk.useConnection();
          const { entries, isLive, send } = sdk.useConversation("42");
          const members = sdk.usePresence("42");
          const answer = sdk.useStreamedResponse("42");
          return h("section", null,
            h("p", { id: "state" }, state + (isLive ? " live" : "")),
            h("p", { id: "members" }, members.map(({ userId }) => userId).join(",")),
            h("p", { id: "answer" }, answer ? answer.status + ": " + answer.text : ""),
            answer && h("button", { onClick: () => answer.cancel() }, "Stop"),
            h("ol", null, entries.map(({ id, data }) => h("li", { key: id }, data.message))),
            h("button", { onClick: () => send("from the page") }, "Send"),
            h(sdk.ConnectionStatus));
        }
        createRoot(document.getElementById("main")).render(
          h(StrictMode, null, h(sdk.SignalboxProvider, { client }, h(Chat))));
        await client.connect();
      })()`);
      await page.getByText("active live").waitFor();
      await page.getByRole("button", { name: "Send" }).click();
      await page.getByText("from the page").waitFor();
      await page.locator("connection-status").getByText("Connected").waitFor();
      const before = await page.evaluate<number>("window.renderings");
      const begun = Date.now();
      await Promise.all(numbered(500).map((message) => robot.send("chat_message", { conversationId: "42", message })));
      await page.locator("li").nth(500).waitFor();
      const frames = ((Date.now() - begun) / 1_000) * 60;
      const renderings = (await page.evaluate<number>("window.renderings")) - before;
      const response = robot.chat.conversation("42").respond();
      await response.delta("Once ");
      await page.getByText("streaming: Once").waitFor();
      await response.delta("upon a time");
      await response.end();
      await page.getByText("complete: Once upon a time").waitFor();
      const unwanted = robot.chat.conversation("42").respond();
      await unwanted.delta("There was");
      await page.getByText("streaming: There was").waitFor();
      await page.getByRole("button", { name: "Stop" }).click();
      await eventually(() => unwanted.signal.aborted, "the cancellation");
      await unwanted.cancel();
      await page.getByText("cancelled: There was").waitFor();

      const shown = await page.locator("li").allTextContents();
      expect(shown).toEqual(["from the page", ...numbered(500), "Once upon a time", "There was"]);
      expect(await page.locator("#members").textContent()).toBe("bob");
      // StrictMode renders twice.
      expect(renderings).toBeLessThan(2 * frames + 10);
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it(
    "SDK-25 the hooks show lists that are live, without a hole, also when the server has lost its history",
    async () => {
      const server = await startServer({ store: "memory" });
      const url = server.url.replace("localhost", "127.0.0.1");
      const write = async (to: TestServer, path: string, body: object) => {
        const method = path.includes("/t") && !("id" in body) ? "PATCH" : "POST";
        const { status } = await to.request(method, `/api${path}`, { as: "backend", roles: ["service"], body });
        expect(status).toBeLessThan(300);
      };
      const task = (id: string, title: string) => ({ id, title, streamId: "s1" });
      await write(server, "/streams", { id: "s1", name: "Build" });
      for (const id of ["t1", "t2"]) await write(server, "/tasks", task(id, `Task ${id}`));
      const page = await browser.openPage(site.url);
      await page.evaluate(`(async () => {
        const { createElement: h, StrictMode } = await import("react");
        const { createRoot } = await import("react-dom/client");
        const { createClient } = await import("@signalbox/client");
        const sdk = await import("@signalbox/client/react");
        const client = createClient({ url: ${JSON.stringify(url)}, namespaces: ["/monitoring"],
          token: ${JSON.stringify(tokenOf("mona", ["monitor"]))}, backoff: { baseMs: 100, maxMs: 500 } });
        function Board() {
          const tasks = sdk.useTasks({ streamId: "s1" });
          const streams = sdk.useStreams();
          const line = ({ id, title, status }) => id + " " + title + " " + status;
          const progress = ({ streamId, completedTasks, totalTasks }) => streamId + " " + completedTasks + "/" + totalTasks;
          return h("section", null, h("p", null, tasks.isLive && streams.isLive ? "live" : "not live"),
            h("ul", null, tasks.items.map((task) => h("li", { key: task.id }, line(task)))),
            h("ol", null, streams.items.map((stream) => h("li", { key: stream.streamId }, progress(stream)))));
        }
        createRoot(document.getElementById("main")).render(
          h(StrictMode, null, h(sdk.SignalboxProvider, { client }, h(Board))));
        await client.connect();
      })()`);
      const shows = (...lines: string[]) =>
        eventually(
          async () => (await page.locator("li").allTextContents()).toSorted().join() === lines.toSorted().join(),
          lines.join(),
        );

      await page.getByText("live", { exact: true }).waitFor();
      await shows("t1 Task t1 pending", "t2 Task t2 pending", "s1 0/2");
      await write(server, "/tasks/t1", { status: "completed" });
      await write(server, "/tasks", task("t3", "Third"));
      await shows("t1 Task t1 completed", "t2 Task t2 pending", "t3 Third pending", "s1 1/3");
      await server.server.close();
      const again = await startServer({ store: "memory", env: { PORT: String(server.server.port) } });
      await write(again, "/streams", { id: "s1", name: "Build" });
      await write(again, "/tasks", task("t4", "Fourth"));
      await shows("t4 Fourth pending", "s1 0/1");

      expect(browser.faults.filter((fault) => !fault.includes("ERR_CONNECTION_REFUSED"))).toEqual([]);
    },
    testMs,
  );
});
