import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type ConsoleMessage,
  chromium,
  type Page,
} from "playwright-core";
import type { PublicState } from "../../client-sdk/connection/public-state.ts";
import type { Role } from "../../shared/role.ts";
import { defined } from "../support/defined.ts";
import { findProgram } from "../support/programs.ts";
import type { TestServer } from "../support/server.ts";
import { tokenOf } from "../support/tokens.ts";

/** How long a page has for what it is waited for. */
const patienceMs = 30_000;

/** Leads here, over plain HTTP. */
export const plainHost = "signalbox.test";

const launchArguments = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // A host as others are: to `localhost` a browser grants more.
  `--host-resolver-rules=MAP ${plainHost} 127.0.0.1`,
];

interface Visit {
  /** Default: `user`. */
  roles?: readonly Role[];
  /** Where on the dashboard. */
  path?: string;
  /** How it is looked at: its size, its colours. */
  page?: BrowserContextOptions;
}

/** A real browser, once it is launched. Its visitors share nothing but the program. */
export class TestBrowser {
  /** Exceptions, and what the console calls an error: violations of the Content-Security-Policy among it. */
  readonly faults: string[] = [];
  #browser: Browser | undefined;

  /** The program is installed where it is missing. */
  async launch(): Promise<void> {
    const executablePath = await findProgram("chromium");
    this.#browser = await chromium.launch({ executablePath, args: launchArguments });
  }

  async close(): Promise<void> {
    await this.#browser?.close();
  }

  /** Forgets everything but the program. */
  async closePages(): Promise<void> {
    for (const context of this.#browser?.contexts() ?? []) await context.close();
    this.faults.length = 0;
  }

  /** Opens an address as somebody who was never there. */
  async openPage(url: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await defined(this.#browser, "the browser").newContext(options);
    context.setDefaultTimeout(patienceMs);
    const page = await context.newPage();
    page.on("pageerror", (error) => this.faults.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error" && !isOfTransport(message)) this.faults.push(message.text());
    });
    await page.goto(url);
    return page;
  }

  /** Opens the dashboard with the link of a user, and waits until it is connected. */
  async visit(server: Pick<TestServer, "url">, sub: string, { roles, path = "/", page }: Visit = {}): Promise<Visitor> {
    // Socket.IO's client takes no notice of a lost network where the host is `localhost`.
    const url = server.url.replace("localhost", "127.0.0.1");
    const visitor = new Visitor(await this.openPage(`${url}${path}#token=${tokenOf(sub, roles)}`, page));
    await visitor.isIn("active");
    return visitor;
  }
}

/**
 * The browser notes every attempt to reach a server that cannot be reached, and Socket.IO's client lets a poll run into
 * a session that it has ended. What that means for people, the page says as the state of the connection.
 */
const isOfTransport = (message: ConsoleMessage) =>
  /^(Failed to load resource|WebSocket connection to)/.test(message.text()) &&
  (message.location().url.includes("/socket.io/") || message.text().includes("ERR_INTERNET_DISCONNECTED"));

/** Somebody who looks at the dashboard. */
export class Visitor {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  get context(): BrowserContext {
    return this.page.context();
  }

  /** Waits for a state of the connection. */
  async isIn(state: PublicState): Promise<void> {
    await this.page.locator(`connection-status[data-state="${state}"]`).waitFor();
  }

  /** What the policy of the page keeps from working offline is the network alone. */
  async goOffline(): Promise<void> {
    await this.context.setOffline(true);
    await this.isIn("reconnecting");
  }

  async goOnline(): Promise<void> {
    await this.context.setOffline(false);
    await this.isIn("active");
  }
}
