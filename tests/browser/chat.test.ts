import { describe, expect, it } from "@jest/globals";
import { alertOf, tell } from "../support/monitoring.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";
import { eventually } from "../support/within.ts";
import { accessibilityFaults } from "./accessibility.ts";
import { ChatVisitor } from "./chat-visitor.ts";
import { testMs, useBrowser } from "./use-browser.ts";

describe("chat", () => {
  const browser = useBrowser();

  const arrive = (server: TestServer, sub: string) => ChatVisitor.arrive(browser, server, sub);

  it.each(stores)(
    "PAGE-1 two users chat, and one who was offline sees all messages once and in order (%s)",
    async (store) => {
      const server = await startServer({ store });
      const ada = await arrive(server, "ada");
      const bob = await arrive(server, "bob");

      await ada.create("Signals", "bob");
      await bob.open("Signals");
      await ada.send("Are you there?");
      await bob.sees("Are you there?");
      await bob.send("I am.");
      await ada.sees("Are you there?", "I am.");
      await bob.goOffline();
      await bob.write("written meanwhile");
      await bob.page.getByText("Waiting for the connection…").waitFor();
      for (const text of ["one", "two", "three"]) await ada.send(text);
      await bob.goOnline();

      const all = ["Are you there?", "I am.", "one", "two", "three", "written meanwhile"];
      await ada.sees(...all);
      await bob.sees(...all);
      await bob.page.getByRole("button", { name: "3 new while you were away" }).click();
      await bob.page.getByText("New", { exact: true }).waitFor();
      expect(await bob.page.getByText("Waiting for the connection…").count()).toBe(0);
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it(
    "PAGE-1 messages count as unread until they are seen, and scrolling up loads history",
    async () => {
      const server = await startServer({ store: "memory" });
      const bob = await arrive(server, "bob");
      const texts = Array.from({ length: 230 }, (_, index) => `message ${index}`);
      const client = await server.connect("ada", { roles: ["user", "agent"] });
      const { conversation } = await client.ok("conversation.create", { title: "Signals", members: ["bob"] });
      await Promise.all(
        texts.map((message) => client.ok("chat_message", { conversationId: conversation.id, message })),
      );

      await bob.item("Signals").getByLabel("230 unread").waitFor();
      await bob.open("Signals");
      await bob.messages.getByText("message 229", { exact: true }).waitFor();
      await bob.item("Signals").getByLabel("unread").waitFor({ state: "detached" });
      const first = bob.messages.getByText("message 0", { exact: true });
      while (!(await first.isVisible())) {
        await bob.messages.hover();
        await bob.page.mouse.wheel(0, -4_000);
      }

      await bob.page.getByText("Start of the conversation").waitFor();
      await bob.page.getByRole("button", { name: "Jump to latest" }).click();
      await bob.messages.getByText("message 229", { exact: true }).waitFor();
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it.each(stores)(
    "PAGE-1 the page reports lost history, and keeps what it shows (%s)",
    async (store) => {
      const server = await startServer({ store, env: { LOG_MAX_EVENTS: "4" } });
      const ada = await arrive(server, "ada");
      await ada.create("Signals", "bob");
      await ada.send("before");
      await ada.goOffline();
      const client = await server.connect("bob", { roles: ["user", "agent"] });
      for (let count = 0; count < 10; count += 1) {
        await client.ok("chat_message", { conversationId: ada.conversationId(), message: `message ${count}` });
      }

      await ada.goOnline();

      await ada.messages.getByText("Messages were lost here").waitFor();
      await ada.messages.getByText("message 9", { exact: true }).waitFor();
      await ada.sees("before", "message 6", "message 7", "message 8", "message 9");
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it.each(stores)(
    "PAGE-7 the page shows present users, who is typing, and a streamed answer that can be stopped (%s)",
    async (store) => {
      const server = await startServer({ store });
      const ada = await arrive(server, "ada");
      const bob = await arrive(server, "bob");
      await ada.create("Signals", "bob", "solver");
      const conversationId = ada.conversationId();
      const solver = await server.connect("solver", { roles: ["agent"] });

      await bob.open("Signals");
      await ada.page.getByRole("button", { name: "Online: Ada, Bob" }).waitFor();
      await bob.page.getByRole("textbox", { name: "Message" }).pressSequentially("hm");
      await ada.page.getByText("Bob is typing…").waitFor();
      await solver.ok("chat_response_delta", { conversationId, responseId: "r-1", delta: "The **answer** " });
      await bob.sees("The answer");
      await solver.ok("chat_response_delta", { conversationId, responseId: "r-1", delta: "is 4" });
      await bob.sees("The answer is 4");
      await ada.page.getByRole("button", { name: "Stop" }).click();
      const cancelled = await solver.inbox.one<{ messageId: string }>("cancel");
      const message = "The **answer** is 4";
      await solver.ok("chat_response", { conversationId, responseId: "r-1", message, status: "cancelled" });

      await bob.page.getByText("This response was stopped.").waitFor();
      await ada.sees("The answer is 4");
      expect(cancelled.messageId).toBe("r-1");
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it(
    "PAGE-7 an answer whose producer is gone is shown with its end, and a stopped one ends even if its producer continues",
    async () => {
      const server = await startServer({ store: "memory", env: { RESPONSE_LEASE_MS: "1000" } });
      const ada = await arrive(server, "ada");
      await ada.create("Signals", "bob", "solver");
      const conversationId = ada.conversationId();
      const solver = await server.connect("solver", { roles: ["agent"] });

      await solver.ok("chat_response_delta", { conversationId, responseId: "r-1", delta: "As far as" });
      await ada.page.getByText("Writing…").waitFor();
      await ada.page.getByRole("button", { name: "Stop" }).click();
      await ada.page.getByText("This response was stopped.").waitFor();
      await solver.ok("chat_response_delta", { conversationId, responseId: "r-2", delta: "I know" });
      await ada.page.getByText("Writing…").waitFor();
      solver.close();
      await ada.page.getByText("This response failed.").waitFor();
      const bob = await arrive(server, "bob");
      await bob.open("Signals");

      for (const { page, messages } of [ada, bob]) {
        await messages.getByText("I know").waitFor();
        await page.getByText("Writing…").waitFor({ state: "detached" });
      }
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it(
    "PAGE-11 a message that could not be sent is kept and resent once; members can be added and removed, and the title changed",
    async () => {
      const server = await startServer({ store: "memory" });
      const ada = await arrive(server, "ada");
      const bob = await arrive(server, "bob");
      await ada.create("Signals", "bob");
      await bob.open("Signals");
      await bob.send("one");
      await bob.goOffline();
      await bob.write("two");
      const change = ada.page.getByRole("button", { name: /Manage members and title/ });
      const dialog = ada.page.getByRole("dialog");

      await change.click();
      await dialog.getByRole("button", { name: "Remove bob" }).click();
      const wrong = await accessibilityFaults(ada.page);
      await dialog.getByRole("button", { name: "Confirm" }).click();
      await dialog.getByRole("button", { name: "Remove bob" }).waitFor({ state: "detached" });
      await bob.goOnline();
      await bob.page.getByText("Not sent.").waitFor();
      await bob.page.getByText("You are not in this conversation").waitFor();
      await dialog.getByRole("combobox", { name: "Add members" }).fill("bob");
      await dialog.getByRole("combobox", { name: "Add members" }).press("Enter");
      await dialog.getByRole("button", { name: "Add", exact: true }).click();
      await bob.page.getByText("You are not in this conversation").waitFor({ state: "detached" });
      await bob.page.getByRole("button", { name: "Retry" }).click();
      await bob.sees("one", "two");
      await bob.page.getByText("Not sent.").waitFor({ state: "detached" });
      await dialog.getByLabel("Title").fill("Semaphores");
      await dialog.getByRole("button", { name: "Rename" }).click();
      await bob.page.getByRole("heading", { name: "Semaphores", exact: true }).waitFor();
      await ada.page.keyboard.press("Escape");

      await ada.sees("one", "two");
      expect([...wrong, ...browser.faults]).toEqual([]);
    },
    testMs,
  );

  it(
    "PAGE-12 users can write at once, see their messages on all their pages, and keep their line breaks",
    async () => {
      const server = await startServer({ store: "memory" });
      const client = await server.connect("ada");
      const { conversation } = await client.ok("conversation.create", { title: "Signals", members: ["bob"] });
      const say = (message: string) => client.ok("chat_message", { conversationId: conversation.id, message });
      for (let index = 0; index < 60; index += 1) await say(`message ${index}`);
      const bob = await arrive(server, "bob");
      await bob.open("Signals");
      await bob.messages.getByText("message 59", { exact: true }).waitFor();

      const toNewest = bob.page.getByRole("button", { name: "Jump to latest" });
      await bob.messages.hover();
      while (!(await toNewest.isVisible())) await bob.page.mouse.wheel(0, -500);
      // Nobody has clicked into it.
      await bob.page.keyboard.type("first");
      await bob.page.keyboard.press("Shift+Enter");
      await bob.page.keyboard.type("second");
      await bob.page.keyboard.press("Enter");
      const sent = bob.messages.locator('[data-row="entry"] p').filter({ hasText: "first" });
      await sent.waitFor();

      // biome-ignore lint/performance/useDomNodeTextContent: lines as they are laid out
      expect(await sent.innerText()).toBe("first\nsecond");
      await toNewest.waitFor({ state: "detached" });
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it(
    "PAGE-12 the navigation counts what is new on the other screens, and lists messages in plain words",
    async () => {
      const server = await startServer({ store: "memory" });
      const client = await server.connect("ada");
      const { conversation } = await client.ok("conversation.create", { title: "Signals", members: ["mona"] });
      const { page } = await browser.visit(server, "mona", { roles: ["user", "monitor"], path: "/monitoring/tasks" });
      const isTitled = (title: string) => eventually(async () => (await page.title()) === title, `the title ${title}`);

      await client.ok("chat_message", { conversationId: conversation.id, message: "## Look\n- **at** `this`" });
      await page.getByRole("link", { name: "Chat 1 unread" }).click();
      await isTitled("(1) Chat – Signalbox");
      await tell(server, alertOf("disk-full"));
      await page.getByRole("link", { name: "Monitoring 1 unacknowledged" }).waitFor();
      await page.getByText("Ada: Look at this").waitFor();
      await page.getByRole("link", { name: "Signals" }).click();
      await page.getByRole("link", { name: "Chat", exact: true }).waitFor();

      await isTitled("Chat – Signalbox");
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it(
    "PAGE-8 the page shows announcements and notifications, including those made while it was offline",
    async () => {
      const server = await startServer({ store: "memory" });
      const ada = await arrive(server, "ada");
      const admin = await server.connect("root", { namespace: "/admin", roles: ["admin"] });
      const notices = ada.page.getByRole("log", { name: "Notifications" });

      await admin.ok("admin.announce", { message: "Tea is ready", level: "info" });
      await notices.getByText("Tea is ready").waitFor();
      await ada.goOffline();
      const body = { title: "Your kettle", level: "success" };
      await server.request("POST", "/api/users/ada/notifications", { as: "kitchen", roles: ["service"], body });
      await ada.goOnline();
      await notices.getByText("Your kettle").waitFor();
      await notices.getByRole("button", { name: "Dismiss" }).first().click();

      await notices.getByText("Tea is ready").waitFor({ state: "detached" });
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it(
    "PAGE-9 the page works with keyboard and screen reader, in light and dark, and at the width of a phone",
    async () => {
      const server = await startServer({ store: "memory" });
      const bob = await server.connect("bob", { roles: ["user", "agent"] });
      const { conversation } = await bob.ok("conversation.create", { title: "Signals", members: ["ada"] });
      const conversationId = conversation.id;
      const message =
        "# One\n\n- [x] two\n\n```js\n// as it is\nconst three = () => '<b>3</b>';\n\nthree();\n```\n\n```py\ndef four(): return None\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> five";
      let code: string[] = [];
      await bob.ok("chat_message", { conversationId, message });
      await bob.ok("chat_response_delta", { conversationId, responseId: "r-1", delta: "half" });
      const faults: string[] = [];
      const ada = await arrive(server, "ada");
      const { page } = ada;

      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await page.setViewportSize({ width: 1280, height: 800 });
        await ada.open("Signals");
        await ada.messages.locator('[data-token="keyword"]', { hasText: "def" }).waitFor();
        code = await ada.messages.locator("pre").allTextContents();
        faults.push(...(await accessibilityFaults(page)));
        await page.setViewportSize({ width: 390, height: 844 });
        await ada.messages.getByText("five").waitFor();
        const width: number = await page.evaluate("document.documentElement.scrollWidth");
        expect(width).toBe(390);
        faults.push(...(await accessibilityFaults(page)));
        await page.getByRole("link", { name: "All conversations" }).click();
        await page.getByRole("button", { name: "New conversation" }).press("Enter");
        await page.getByRole("dialog").getByLabel("Title").waitFor();
        faults.push(...(await accessibilityFaults(page)));
        await page.keyboard.press("Escape");
        await page.getByRole("dialog").waitFor({ state: "detached" });
      }

      expect(faults).toEqual([]);
      expect(code).toEqual(["// as it is\nconst three = () => '<b>3</b>';\n\nthree();\n", "def four(): return None\n"]);
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it(
    "PAGE-16 the Enter that ends the composition of an input method sends nothing, even if the browser tells it only by its key code",
    async () => {
      const server = await startServer({ store: "memory" });
      const ada = await arrive(server, "ada");
      await ada.create("Signals", "bob");
      const input = await ada.page.context().newCDPSession(ada.page);
      const enter = async (windowsVirtualKeyCode: number) => {
        const key = { key: "Enter", code: "Enter", windowsVirtualKeyCode };
        await input.send("Input.dispatchKeyEvent", { ...key, type: "rawKeyDown" });
        await input.send("Input.dispatchKeyEvent", { ...key, type: "keyUp" });
      };
      await ada.page.getByRole("textbox", { name: "Message", exact: true }).click();

      await ada.page.keyboard.type("half a");
      // As WebKit does, which ends the composition before it tells of the key.
      await enter(229);
      await ada.page.keyboard.type(" word");
      await enter(13);

      await ada.sees("half a word");
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it(
    "PAGE-2 nothing that other users write is executed or loaded",
    async () => {
      const server = await startServer({ store: "memory" });
      const attack = `<img src=x onerror="document.title='taken'"><script>document.title="taken"</script><b>bold</b>`;
      const markdown = "![seen](https://example.com/seen.png) [link](javascript:document.title='taken')";
      const bob = await server.connect("bob", { claims: { name: "<i>Bob</i>" } });
      const { conversation } = await bob.ok("conversation.create", { title: attack, members: ["ada"] });
      const conversationId = conversation.id;
      await bob.ok("chat_message", { conversationId, message: attack });
      const attachments = [{ url: "https://example.com/<b>", mediaType: "text/html", name: attack }];
      await bob.ok("chat_message", { conversationId, message: markdown, attachments });
      const ada = await arrive(server, "ada");

      await ada.open(attack);
      await ada.sees(attack, "seen link");

      expect(await ada.page.locator("main").locator("img, script, b, i, iframe").count()).toBe(0);
      expect(await ada.messages.locator("a").evaluateAll((links) => links.map(String))).toEqual(
        expect.not.arrayContaining([expect.stringContaining("javascript:")]),
      );
      expect(await ada.page.title()).toContain("Signalbox");
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );
});
