import { describe, expect, it } from "@jest/globals";
import type { Page } from "playwright-core";
import { connectSdk } from "../client-sdk/sdk-client.ts";
import { Program } from "../support/program.ts";
import { storeEnv } from "../support/stores.ts";
import { testSecret, tokenOf } from "../support/tokens.ts";
import { eventually } from "../support/within.ts";
import { numbered } from "./sdk-chat.ts";
import { testMs, useBrowser } from "./use-browser.ts";

/** A browser opens six connections to a server over HTTP/1.1, in all its tabs: each page is of a context of its own. */
const pageCount = 4;
const streamsPerPage = 5;

/** With the cookie of a session: an EventSource sends no header. */
const openStreams = (token: string) => `(async () => {
  const { ok } = await fetch("/api/session", { method: "POST", headers: { authorization: "Bearer ${token}" } });
  if (!ok) throw new Error("no session");
  window.heard = [];
  window.streams = Array.from({ length: ${streamsPerPage} }, (_, index) => {
    const texts = [];
    window.heard.push(texts);
    const stream = new EventSource("/api/events?topics=conversation:42");
    stream.onmessage = ({ data }) => {
      const { type, data: { message } } = JSON.parse(data);
      if (type === "chat_message") texts.push(message);
    };
    return stream;
  });
})()`;

describe("a browser's own EventSource", () => {
  const browser = useBrowser();

  it(
    "SSE-8 it reconnects by itself to a server that stops gracefully, is killed, and is started again",
    async () => {
      const env = {
        JWT_SECRET: testSecret,
        NODE_ENV: "test",
        DRAIN_MS: "1000",
        ...(await storeEnv("redis")),
      };
      let program = new Program(env);
      const url = await program.url();
      const startAgain = async () => {
        program = new Program({ ...env, PORT: new URL(url).port });
        await program.url();
      };
      const backend = await connectSdk({ url }, "backend", { roles: ["service"], maxWaiting: 1_000 });
      await backend.chat.create({ id: "42", members: ["bob"] });
      const pages: Page[] = [];
      for (let count = 0; count < pageCount; count++) {
        const page = await browser.openPage(`${url}/`);
        await page.evaluate(openStreams(tokenOf("bob")));
        pages.push(page);
      }
      const heard = async () =>
        (await Promise.all(pages.map((page) => page.evaluate<string[][]>("window.heard")))).flat();
      const everywhere = (count: number) =>
        eventually(
          async () => (await heard()).every((texts) => texts.length >= count),
          `${count} messages in each stream`,
        );
      const messages = numbered(300);
      const say = async (from: number, to: number) => {
        for (const text of messages.slice(from, to)) await backend.chat.conversation("42").send(text);
      };

      await say(0, 100);
      await everywhere(100);
      program.signal("SIGTERM");
      const during = say(100, 200);
      await program.end();
      await startAgain();
      await during;
      await everywhere(200);
      await program.kill();
      await startAgain();
      await say(200, 300);
      await everywhere(300);

      const all = await heard();
      expect(all).toHaveLength(pageCount * streamsPerPage);
      for (const texts of all) expect(texts).toEqual(messages);
    },
    testMs,
  );
});
