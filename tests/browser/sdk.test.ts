import { describe, expect, it } from "@jest/globals";
import type { Page } from "playwright-core";
import { connectSdk } from "../client-sdk/sdk-client.ts";
import { BlockingProxy } from "../support/blocking-proxy.ts";
import { Program } from "../support/program.ts";
import { startServer } from "../support/server.ts";
import { storeEnv } from "../support/stores.ts";
import { testSecret, tokenOf } from "../support/tokens.ts";
import { eventually } from "../support/within.ts";
import { apartFromOutages, follow, heard, numbered, openChat, useSdkBrowser } from "./sdk-chat.ts";
import { testMs } from "./use-browser.ts";

const stateOf = (page: Page) => page.evaluate<string>("window.client.state");

describe("the package in a browser", () => {
  const sdk = useSdkBrowser();

  it(
    "SDK-23 all events arrive once and in order although the server is killed three times and the page is reloaded",
    async () => {
      const env = { JWT_SECRET: testSecret, NODE_ENV: "test", ...(await storeEnv("redis")) };
      let program = new Program(env);
      const url = await program.url();
      const port = new URL(url).port;
      const robot = await connectSdk({ url }, "robot", { roles: ["service"], maxWaiting: 2_000 });
      await robot.chat.create({ id: "42", members: ["bob"] });
      const page = await sdk.browser.openPage(sdk.site.url);
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
      expect(apartFromOutages(sdk.browser.faults)).toEqual([]);
    },
    testMs,
  );

  it(
    "SDK-23 it connects at once when the network is back, however far away the next attempt is",
    async () => {
      const { url, robot, page } = await openChat(sdk);
      // Longer than the test may take: only the network's return can end the wait.
      await page.evaluate(follow(url, tokenOf("bob"), { baseMs: 2 * testMs, maxMs: 2 * testMs }));

      for (const times of [1, 2, 3]) {
        await page.context().setOffline(true);
        await eventually(async () => (await stateOf(page)) === "reconnecting", "the loss");
        await robot.chat.conversation("42").send("while away");
        await page.context().setOffline(false);
        await eventually(async () => (await stateOf(page)) === "active", "the connection");
        await eventually(async () => (await heard(page)).length === times, "the message");
      }

      expect(sdk.browser.faults).toEqual([]);
    },
    testMs,
  );

  it(
    "SDK-23 it works over HTTP if a proxy blocks WebSockets",
    async () => {
      const { url, robot, page } = await openChat(sdk);
      const proxy = await BlockingProxy.start(url);
      await page.evaluate(follow(proxy.url, tokenOf("bob")));

      for (const text of numbered(100)) await robot.chat.conversation("42").send(text);
      await eventually(async () => (await heard(page)).length >= 100, "100 messages");

      expect(await heard(page)).toEqual(numbered(100));
      expect(await page.evaluate("window.client.transport")).toBe("http");
    },
    testMs,
  );

  it(
    "SDK-27 a session cookie is enough to connect, over HTTP too, until the session is ended",
    async () => {
      const server = await startServer({ store: "memory" });
      const url = server.url.replace("localhost", "127.0.0.1");
      const proxy = await BlockingProxy.start(url);
      const page = await sdk.browser.openPage(sdk.site.url);
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
});
