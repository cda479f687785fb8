import { type Browser, type CDPSession, chromium, type Page } from "playwright-core";
import { MainThread } from "./main-thread.ts";

/** The dashboard in a browser, with what it costs. */
export class WatchedPage {
  readonly page: Page;
  readonly #browser: Browser;
  readonly mainThread: MainThread;
  readonly #session: CDPSession;

  private constructor(browser: Browser, page: Page, session: CDPSession) {
    this.#browser = browser;
    this.page = page;
    this.#session = session;
    this.mainThread = new MainThread(session);
  }

  static async open(url: string, token: string): Promise<WatchedPage> {
    const browser = await chromium.launch({
      executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
    });
    const page = await browser.newPage();
    await page.goto(`${url}/monitoring/overview#token=${token}`);
    await page.locator('connection-status[data-state="active"]').waitFor({ timeout: 60_000 });
    return new WatchedPage(browser, page, await page.context().newCDPSession(page));
  }

  /** How much slower than it is the processor is made to seem. */
  async slowDown(rate: number): Promise<void> {
    await this.#session.send("Emulation.setCPUThrottlingRate", { rate });
  }

  /** As a click on a link does. */
  async show(path: string): Promise<void> {
    await this.page.evaluate(`history.pushState(null, "", ${JSON.stringify(path)})`);
  }

  /** Bytes that are in use once everything was collected that can be. */
  async heapBytes(): Promise<number> {
    for (let round = 0; round < 3; round++) await this.#session.send("HeapProfiler.collectGarbage");
    const { usedSize } = await this.#session.send("Runtime.getHeapUsage");
    return usedSize;
  }

  close(): Promise<void> {
    return this.#browser.close();
  }
}
