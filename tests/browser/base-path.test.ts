import { afterEach, describe, expect, it } from "@jest/globals";
import { connectSdk } from "../client-sdk/sdk-client.ts";
import { BlockingProxy } from "../support/blocking-proxy.ts";
import { PathProxy } from "../support/path-proxy.ts";
import { startServer } from "../support/server.ts";
import { TestWebSocket } from "../support/test-websocket.ts";
import { tokenOf } from "../support/tokens.ts";
import { eventually } from "../support/within.ts";
import { ChatVisitor } from "./chat-visitor.ts";
import { testMs, useBrowser } from "./use-browser.ts";

const opened: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const proxy of opened.splice(0)) await proxy.stop();
});

/** A server that is found at `/rt` of a site. */
async function startBelow(removesPath: boolean) {
  const server = await startServer({ store: "memory", env: { BASE_PATH: "/rt", TRUST_PROXY: "1" } });
  const proxy = await PathProxy.start({ target: server.url, path: "/rt", removesPath });
  opened.push(proxy);
  return { server, proxy };
}

describe.each([
  ["removes the path", true],
  ["keeps the path", false],
])("below a path of a site whose proxy %s", (_, removesPath) => {
  const browser = useBrowser();

  it(
    "PAGE-13 users sign in and chat on the dashboard, and a screen can be opened by its address",
    async () => {
      const { proxy } = await startBelow(removesPath);
      const ada = new ChatVisitor((await browser.visit(proxy, "ada", { path: "/chat" })).page);

      await ada.create("Signals", "bob");
      await ada.send("hello");
      const address = ada.page.url();
      await ada.page.reload();
      await ada.isIn("active");
      await ada.sees("hello");
      const cookies = await ada.context.cookies();
      const transport = await ada.page.evaluate<string>("document.querySelector('connection-status').client.transport");
      await ada.page.getByRole("button", { name: "Ada: account" }).click();
      await ada.page.getByRole("menuitem", { name: "Sign out" }).click();
      await ada.page.getByRole("heading", { name: "Sign in" }).waitFor();

      expect(address.startsWith(`${proxy.url}/chat/`)).toBe(true);
      expect(cookies.map(({ name, path }) => `${name} ${path}`)).toEqual(["signalbox_session /rt"]);
      expect(await ada.context.cookies()).toEqual([]);
      expect(transport).toBe("websocket");
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it("PAGE-13 every transport works, and the rest of the site is not affected", async () => {
    const { server, proxy } = await startBelow(removesPath);
    const headers = { authorization: `Bearer ${tokenOf("ada")}` };

    const plain = new TestWebSocket(`${proxy.url.replace("http", "ws")}/ws?token=${tokenOf("ada")}`, {});
    await plain.inbox.one("system.connection.established");
    plain.socket.terminate();
    const answers = await Promise.all([
      fetch(`${proxy.url}/api/conversations`, { headers }),
      fetch(`${proxy.url}/healthz`),
      fetch(`${server.url}/api/conversations`, { headers }),
      fetch(`${server.url}/rtx/healthz`),
      fetch(`${server.url}/rt`, { headers: { accept: "text/html" } }),
    ]);
    const other = await (await fetch(`${proxy.origin}/rtx`)).text();

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 404, 200]);
    expect(other).toBe("another application");
  });

  it("SDK-30 a client whose URL has a path connects there, over WebSockets and over HTTP", async () => {
    const { server, proxy } = await startBelow(removesPath);
    const robot = await connectSdk({ url: server.url }, "robot", { roles: ["service"] });
    await robot.chat.create({ id: "42", members: ["ada"] });
    const blocking = await BlockingProxy.start(proxy.origin);
    const urls = [proxy.url, `${proxy.url}/`, `${blocking.url}/rt`];
    const clients = await Promise.all(urls.map((url) => connectSdk({ url }, "ada")));
    const received = clients.map((client) => {
      const texts: string[] = [];
      client.chat.conversation("42").on("chat_message", ({ data }) => texts.push(data.message));
      return texts;
    });
    for (const client of clients) await eventually(() => client.chat.conversation("42").isLive, "the conversation");

    await robot.chat.conversation("42").send("hello");
    for (const texts of received) await eventually(() => texts.length > 0, "the message");

    expect(clients.map(({ transport }) => transport)).toEqual(["websocket", "websocket", "http"]);
    expect(received).toEqual([["hello"], ["hello"], ["hello"]]);
  });
});
