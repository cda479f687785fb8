import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { systemClock } from "../../server/clock.ts";
import { installationMs } from "../support/programs.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { openStore } from "../support/stores.ts";
import { tokenOf } from "../support/tokens.ts";
import { TestBrowser } from "./test-browser.ts";

const testMs = 60_000;

describe("the built-in page", () => {
  let browser: TestBrowser;
  beforeAll(async () => {
    browser = await TestBrowser.launch();
  }, installationMs);
  afterEach(() => browser.closePages(), testMs);
  afterAll(() => browser?.close(), testMs);

  it(
    "PAGE-1 lets two people chat, and whoever was away sees everything once and in order",
    async () => {
      const server = await startServer({ store: "memory" });
      const ada = await browser.visit(server, "ada");
      const bob = await browser.visit(server, "bob");

      await ada.create("Signals", "bob");
      await bob.open("Signals");
      await ada.send("Are you there?");
      await bob.sees(["Are you there?"]);
      await bob.send("I am.");
      await ada.sees(["Are you there?", "I am."]);
      await bob.context.setOffline(true);
      await bob.isIn("reconnecting");
      const missed = Array.from({ length: 150 }, (_, index) => `while you were away ${index}`);
      for (const text of missed.slice(0, 3)) await ada.send(text);
      await sendAs(server, "ada", await ada.conversationId(), missed.slice(3));
      const seenMeanwhile = await bob.lines();
      await bob.context.setOffline(false);
      await bob.isIn("connected");

      const all = ["Are you there?", "I am.", ...missed];
      await bob.sees(all);
      await ada.sees(all);
      await bob.send("Back again.");
      await ada.sees([...all, "Back again."]);
      expect(seenMeanwhile).toEqual(["Are you there?", "I am."]);
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it(
    "PAGE-1 sends what was written without a connection when there is one again, once",
    async () => {
      const server = await startServer({ store: "memory" });
      const ada = await browser.visit(server, "ada");
      const bob = await browser.visit(server, "bob");
      await ada.create("Signals", "bob");
      await bob.open("Signals");
      await ada.context.setOffline(true);
      await ada.isIn("reconnecting");

      await ada.write("first");
      await ada.write("second");
      await ada.page.getByText("Waiting for the connection…").nth(1).waitFor();
      await bob.send("meanwhile");
      await ada.context.setOffline(false);

      await ada.sees(["meanwhile", "first", "second"]);
      await bob.sees(["meanwhile", "first", "second"]);
      expect(await ada.page.getByText("Waiting for the connection…").count()).toBe(0);
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it(
    "PAGE-1 brings everything back to somebody who closed the page, earlier messages on request",
    async () => {
      const server = await startServer({ store: "memory" });
      const ada = await browser.visit(server, "ada");
      const bob = await browser.visit(server, "bob");
      await ada.create("Signals", "bob");
      await bob.page.close();
      const texts = Array.from({ length: 230 }, (_, index) => `message ${index}`);
      await sendAs(server, "ada", await ada.conversationId(), texts);

      const again = await browser.visit(server, "bob");
      await again.page.getByRole("link", { name: "230 unread" }).waitFor();
      await again.open("Signals");
      await again.sees(texts.slice(130));
      await again.page.getByRole("link", { name: "unread" }).waitFor({ state: "detached" });
      await again.page.getByRole("button", { name: "Load earlier" }).click();
      await again.sees(texts.slice(30));
      await again.page.getByRole("button", { name: "Load earlier" }).click();

      await again.sees(texts);
      await again.page.getByRole("button", { name: "Load earlier" }).waitFor({ state: "detached" });
      await ada.sees(texts);
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it(
    "PAGE-1 comes back by itself after a restart in memory, and says that history is gone",
    async () => {
      const server = await startServer({ store: "memory" });
      const ada = await browser.visit(server, "ada");
      await ada.create("Signals", "");
      await ada.send("before");
      await server.server.close();
      await ada.isIn("reconnecting");

      await startServer({ store: "memory", env: { PORT: String(server.server.port) } });

      await ada.isIn("connected");
      await ada.page.getByText("History is gone: the server does not know this conversation any more.").waitFor();
      await ada.sees(["before"]);
      await ada.create("New signals", "");
      await ada.send("after");
      await ada.sees(["after"]);
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it(
    "PAGE-1 says that history is gone where only the log was lost, and goes on",
    async () => {
      const { documents } = await openStore("memory", { clock: systemClock });
      const server = await startServer({ store: "memory", overrides: { documents } });
      const ada = await browser.visit(server, "ada");
      await ada.create("Signals", "bob");
      await ada.send("before");
      await server.server.close();
      await ada.isIn("reconnecting");
      await ada.write("meanwhile");

      const env = { PORT: String(server.server.port) };
      const restarted = await startServer({ store: "memory", overrides: { documents }, env });
      await ada.page.getByText("It is not known whether this has arrived.").waitFor();
      await sendAs(restarted, "bob", await ada.conversationId(), ["after"]);
      await ada.page.locator(".text").getByText("after", { exact: true }).waitFor();
      await ada.page.getByRole("button", { name: "Retry" }).click();

      await ada.sees(["before", "after", "meanwhile"]);
      expect(await ada.lines()).toEqual(["before", "History before this is gone.", "after", "meanwhile"]);
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it(
    "PAGE-1 says that history is gone to somebody who was away for more than the log keeps",
    async () => {
      const server = await startServer({ store: "memory", env: { LOG_MAX_EVENTS: "20" } });
      const ada = await browser.visit(server, "ada");
      await ada.create("Signals", "bob");
      await ada.send("before");
      await ada.context.setOffline(true);
      await ada.isIn("reconnecting");
      const missed = Array.from({ length: 30 }, (_, index) => `message ${index}`);
      await sendAs(server, "bob", await ada.conversationId(), missed);

      await ada.context.setOffline(false);

      await ada.sees(["before", ...missed.slice(10)]);
      expect(await ada.lines()).toEqual(["before", "History before this is gone.", ...missed.slice(10)]);
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it(
    "PAGE-1 shows who is there, who types, and an answer that grows and can be stopped",
    async () => {
      const server = await startServer({ store: "memory" });
      const ada = await browser.visit(server, "ada");
      const bob = await browser.visit(server, "bob");
      await ada.create("Signals", "bob, solver");
      const conversationId = await ada.conversationId();
      const solver = await server.connect("solver", { roles: ["agent"] });
      await ada.page.getByText("Here: Ada (you)", { exact: true }).waitFor();

      await bob.open("Signals");
      await ada.page.getByText("Here: Ada (you), Bob", { exact: true }).waitFor();
      await bob.page.getByLabel("Message", { exact: true }).pressSequentially("hm");
      await ada.page.getByText("Typing: Bob", { exact: true }).waitFor();
      await solver.ok("chat_response_delta", { conversationId, responseId: "r-1", delta: "The answer " });
      await bob.sees(["The answer "]);
      await solver.ok("chat_response_delta", { conversationId, responseId: "r-1", delta: "is 4" });
      await bob.sees(["The answer is 4"]);
      await ada.page.getByRole("button", { name: "Stop" }).click();
      const cancelled = await solver.inbox.one<{ messageId: string }>("cancel");
      await solver.ok("chat_response", {
        conversationId,
        responseId: "r-1",
        message: "The answer is 4",
        status: "cancelled",
      });
      await bob.page.getByText("This answer was stopped.").waitFor();
      await bob.page.close();

      await ada.page.getByText("Here: Ada (you)", { exact: true }).waitFor();
      await ada.sees(["The answer is 4"]);
      expect(cancelled.messageId).toBe("r-1");
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it(
    "PAGE-1 tells of announcements, also of those that were made while it was away",
    async () => {
      const server = await startServer({ store: "memory" });
      const ada = await browser.visit(server, "ada");
      const admin = await server.connect("root", { namespace: "/admin", roles: ["admin"] });
      await ada.isIn("connected");

      await admin.ok("admin.announce", { message: "Tea is ready", level: "info" });
      await ada.page.getByText("Tea is ready").waitFor();
      await ada.context.setOffline(true);
      await ada.isIn("reconnecting");
      await admin.ok("admin.announce", { message: "Tea is cold", level: "warning" });
      await ada.context.setOffline(false);
      await ada.page.getByText("Tea is cold").waitFor();
      await ada.page.getByRole("button", { name: "Dismiss" }).first().click();

      expect(await ada.page.getByRole("log", { name: "Notices" }).locator("p").allTextContents()).toEqual([
        "Tea is cold",
      ]);
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it(
    "PAGE-1 asks for a token, says why one is refused, and keeps a good one out of the address",
    async () => {
      const server = await startServer({ store: "memory" });
      const page = await browser.openPage(server.url);
      const connection = page.getByRole("status");

      await page.getByLabel("Token").fill(tokenOf("ada", ["user"], { exp: 1 }));
      await page.getByRole("button", { name: "Connect" }).click();
      await page.getByText("Refused: ").waitFor();
      const refusal = await connection.textContent();
      await page.getByLabel("Token").fill(`${server.url}/#token=${tokenOf("ada")}`);
      await page.getByRole("button", { name: "Connect" }).click();
      await page.getByText("Connected", { exact: true }).waitFor();
      await page.reload();
      await page.getByText("Connected", { exact: true }).waitFor();

      expect(refusal).toContain("expired");
      expect(await page.getByText("ada (user)").isVisible()).toBe(true);
      expect(page.url()).toBe(`${server.url}/`);
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it(
    "PAGE-2 shows as text whatever others write",
    async () => {
      const server = await startServer({ store: "memory" });
      const attack = `<img src=x onerror="document.title='taken'"><script>document.title="taken"</script>&amp;<b>bold</b>`;
      const name = `<i>Bob</i>`;
      const bob = await server.connect("bob", { claims: { name } });
      const agent = await server.connect("solver", { roles: ["agent"] });
      const admin = await server.connect("root", { namespace: "/admin", roles: ["admin"] });
      const { conversation } = await bob.ok("conversation.create", { title: attack, members: ["ada", "solver"] });
      const conversationId = conversation.id;
      const room = `conversation:${conversationId}`;
      await bob.ok("join_room", { room });
      const ada = await browser.visit(server, "ada");

      await ada.open(attack);
      const attachments = [{ url: "https://example.com/<b>", mediaType: "text/html", name: attack }];
      await bob.ok("chat_message", { conversationId, message: attack, attachments });
      await agent.ok("chat_response_delta", { conversationId, responseId: "r-1", delta: attack });
      await ada.sees([attack, attack]);
      await agent.ok("chat_response", {
        conversationId,
        responseId: "r-1",
        message: attack + attack,
        status: "complete",
      });
      await bob.ok("typing_indicator", { conversationId, isTyping: true });
      await admin.ok("admin.announce", { message: attack, level: "warning" });
      await ada.page.getByText(`Typing: ${name}`, { exact: true }).waitFor();
      await ada.page.getByRole("log", { name: "Notices" }).getByText(attack, { exact: true }).waitFor();

      await ada.sees([attack, attack + attack]);
      expect(await ada.page.getByRole("heading", { name: attack }).isVisible()).toBe(true);
      expect(await ada.page.locator("main").locator("img, script, b, i").count()).toBe(0);
      expect(await ada.page.locator("#notices").locator("img, script, b, i").count()).toBe(0);
      expect(await ada.page.title()).toBe("Signalbox");
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );
});

/** Publishes messages without a browser, in this order. */
async function sendAs(
  server: TestServer,
  sub: string,
  conversationId: string,
  texts: readonly string[],
): Promise<void> {
  // More at once than a person may send.
  const client = await server.connect(sub, { roles: ["user", "agent"] });
  await Promise.all(texts.map((message) => client.ok("chat_message", { conversationId, message })));
  client.close();
}
