import { expect } from "@jest/globals";
import { type Browser, type BrowserContext, type ConsoleMessage, chromium, type Page } from "playwright-core";
import { defined } from "../support/defined.ts";
import { findProgram } from "../support/programs.ts";
import type { TestServer } from "../support/server.ts";
import { tokenOf } from "../support/tokens.ts";
import { eventually } from "../support/within.ts";

/** How long a page has for what it is waited for. */
const patienceMs = 30_000;

const launchArguments = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A real browser. Its visitors share nothing but the program. */
export class TestBrowser {
  /** Exceptions, and what the console calls an error: violations of the Content-Security-Policy among it. */
  readonly faults: string[] = [];
  readonly #browser: Browser;

  constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** The program is installed where it is missing. */
  static async launch(): Promise<TestBrowser> {
    const executablePath = await findProgram("chromium");
    return new TestBrowser(await chromium.launch({ executablePath, args: launchArguments }));
  }

  close(): Promise<void> {
    return this.#browser.close();
  }

  /** Forgets everything but the program. */
  async closePages(): Promise<void> {
    for (const context of this.#browser.contexts()) await context.close();
    this.faults.length = 0;
  }

  /** Opens an address as somebody who was never there. */
  async openPage(url: string): Promise<Page> {
    const context = await this.#browser.newContext();
    context.setDefaultTimeout(patienceMs);
    const page = await context.newPage();
    page.on("pageerror", (error) => this.faults.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error" && !isOfTransport(message)) this.faults.push(message.text());
    });
    await page.goto(url);
    return page;
  }

  /** Opens the page with the link of a user, and waits until it is connected. */
  async visit(server: TestServer, sub: string): Promise<Visitor> {
    // Socket.IO's client takes no notice of a lost network where the host is `localhost`.
    const url = server.url.replace("localhost", "127.0.0.1");
    const visitor = new Visitor(await this.openPage(`${url}/#token=${tokenOf(sub)}`));
    await visitor.isIn("connected");
    return visitor;
  }
}

/**
 * The browser notes every attempt to reach a server that cannot be reached, and Socket.IO's client lets a poll run into
 * a session that it has ended. What that means for people, the page says as the state of the connection.
 */
const isOfTransport = (message: ConsoleMessage) =>
  /^(Failed to load resource|WebSocket connection to)/.test(message.text()) &&
  message.location().url.includes("/socket.io/");

/** Somebody who looks at the page. */
export class Visitor {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  get context(): BrowserContext {
    return this.page.context();
  }

  /** Waits for a state of the connection. */
  async isIn(state: "connected" | "reconnecting"): Promise<void> {
    await this.page.locator(`[role="status"][data-state="${state}"]`).waitFor();
  }

  async create(title: string, members: string): Promise<void> {
    await this.page.getByText("New conversation", { exact: true }).click();
    await this.page.getByLabel("Title").fill(title);
    await this.page.getByLabel("Members").fill(members);
    await this.page.getByRole("button", { name: "Create" }).click();
    await this.page.getByRole("heading", { name: title, exact: true }).waitFor();
    await this.page.getByText("Here: ").waitFor();
  }

  async open(title: string): Promise<void> {
    await this.page.getByRole("link", { name: title }).click();
    await this.page.getByText("Here: ").waitFor();
  }

  async conversationId(): Promise<string> {
    return defined(new URL(this.page.url()).hash.split("=")[1], "conversation in the address");
  }

  /** Writes a message, whatever becomes of it. */
  async write(text: string): Promise<void> {
    await this.page.getByLabel("Message", { exact: true }).fill(text);
    await this.page.keyboard.press("Enter");
  }

  /** Writes a message and waits until it is in its place. */
  async send(text: string): Promise<void> {
    await this.write(text);
    await this.page.locator("ol:first-child .text").getByText(text, { exact: true }).waitFor();
  }

  /** Everything that stands in the open conversation, without names, times and states. */
  lines(): Promise<string[]> {
    return this.page.locator("ol .text, ol .line").allTextContents();
  }

  /** Waits until exactly these messages are shown, in this order. */
  async sees(texts: readonly string[]): Promise<void> {
    const shown = this.page.locator("ol .text");
    await shown.nth(texts.length - 1).waitFor();
    const wanted = JSON.stringify(texts);
    await eventually(async () => JSON.stringify(await shown.allTextContents()) === wanted, "messages")
      // What is shown instead makes the better message.
      .catch(async () => expect(await shown.allTextContents()).toEqual(texts));
  }
}
