import { afterEach, describe, expect, it } from "@jest/globals";
import type { Page } from "playwright-core";
import { DeliveredProxy } from "../../bench/run/delivered-proxy.ts";
import { nginx as kind } from "../../bench/run/nginx.ts";
import { freePort } from "../support/free-port.ts";
import { findProgram } from "../support/programs.ts";
import { startServer } from "../support/server.ts";
import { storeEnv } from "../support/stores.ts";
import { ChatVisitor } from "./chat-visitor.ts";
import { apartFromOutages } from "./sdk-chat.ts";
import { useSecondBuild } from "./second-build.ts";
import { testMs, useBrowser } from "./use-browser.ts";

const admin = { roles: ["admin"], path: "/chat" } as const;
const monitoringScript = /\/assets\/monitoring-screen-[^/]*\.js/;

const opened: DeliveredProxy[] = [];
afterEach(async () => {
  for (const nginx of opened.splice(0)) await nginx.stop();
});

/** How often a page has been loaded since. */
function countLoads(page: Page): () => number {
  let loads = 0;
  page.on("load", () => {
    loads += 1;
  });
  return () => loads;
}

const openMonitoring = (page: Page) => page.getByRole("link", { name: "Monitoring" }).click();
const failed = (page: Page) => page.getByRole("heading", { name: "This part of the page has failed" });
const version = (page: Page) => page.evaluate<string>(`document.querySelector("script[type=module]").src`);

/** A file that is not there is noted by the browser as well. */
const apartFromMissingFiles = (faults: readonly string[]) =>
  apartFromOutages(faults).filter((fault) => !/^Failed to load resource|dynamically imported module/.test(fault));

describe("a deploy of the dashboard", () => {
  const browser = useBrowser();
  const next = useSecondBuild();

  it(
    "PAGE-15 a tab of the old version reloads itself once to open a screen of the new version, and keeps the draft",
    async () => {
      const env = await storeEnv("redis");
      const before = await startServer({ store: "redis", env });
      const ada = new ChatVisitor((await browser.visit(before, "ada", admin)).page);
      const { page } = ada;
      await ada.create("Signals", "bob");
      await page.getByRole("textbox", { name: "Message" }).fill("not sent yet");
      const oldVersion = await version(page);
      const loads = countLoads(page);

      await before.server.close();
      await ada.isIn("reconnecting");
      const overrides = { dashboardFolder: next.folder };
      await startServer({ store: "redis", env: { ...env, PORT: String(before.server.port) }, overrides });
      await ada.isIn("active");
      const loadsBefore = loads();
      await openMonitoring(page);
      await page.getByRole("heading", { name: "Overview" }).waitFor();
      await page.getByRole("link", { name: "Chat" }).click();
      await ada.open("Signals");
      const draft = await page.getByRole("textbox", { name: "Message" }).inputValue();

      expect([loadsBefore, loads()]).toEqual([0, 1]);
      expect([oldVersion.includes("-next-"), (await version(page)).includes("-next-")]).toEqual([false, true]);
      expect(draft).toBe("not sent yet");
      expect(apartFromMissingFiles(browser.faults)).toEqual([]);
    },
    testMs,
  );

  it(
    "PAGE-15 a retry loads what could not be loaded before",
    async () => {
      const server = await startServer({ store: "memory" });
      const { page } = await browser.visit(server, "ada", admin);
      const loads = countLoads(page);
      await page.route(monitoringScript, (route) => route.fulfill({ status: 404 }));

      await openMonitoring(page);
      await failed(page).waitFor();
      await page.unroute(monitoringScript);
      await page.getByRole("button", { name: "Try again" }).click();
      await page.getByRole("heading", { name: "Overview" }).waitFor();

      expect(loads()).toBe(0);
    },
    testMs,
  );

  it(
    "PAGE-15 a reload that does not help is not repeated",
    async () => {
      const server = await startServer({ store: "memory" });
      const { page } = await browser.visit(server, "ada", admin);
      const loads = countLoads(page);
      await page.route(monitoringScript, (route) => route.fulfill({ status: 404 }));
      // The page as the server gives it is always of another version than the one that is open.
      await page.route(`${new URL(page.url()).origin}/`, (route) =>
        route.request().resourceType() === "fetch" ? route.fulfill({ body: "another version" }) : route.continue(),
      );

      await openMonitoring(page);
      await failed(page).waitFor();
      await page.getByRole("button", { name: "Try again" }).click();
      await failed(page).waitFor();

      expect(loads()).toBe(1);
    },
    testMs,
  );

  it(
    "PAGE-15 a page whose script is not available yet reloads itself a few times, and then says so",
    async () => {
      const server = await startServer({ store: "memory" });
      const script = /\/assets\/index-[^/]*\.js/;
      let missing = 2;
      const page = await browser.openPage("about:blank");
      await page.route(script, (route) => (missing-- > 0 ? route.fulfill({ status: 404 }) : route.continue()));
      const loads = countLoads(page);

      await page.goto(server.url);
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      const firstLoads = loads();
      missing = Number.POSITIVE_INFINITY;
      const other = await browser.openPage("about:blank");
      await other.route(script, (route) => route.fulfill({ status: 404 }));
      const otherLoads = countLoads(other);
      await other.goto(server.url);
      await other.getByRole("alert").getByText("The dashboard could not be loaded").waitFor();

      expect(firstLoads).toBe(3);
      expect(otherLoads()).toBe(6);
    },
    testMs,
  );

  it(
    "PAGE-15 two versions behind nginx with the configuration of this repository serve pages that work",
    async () => {
      const env = { ...(await storeEnv("redis")), TRUST_PROXY: "1" };
      const servers = [
        await startServer({ store: "redis", env }),
        await startServer({ store: "redis", env, overrides: { dashboardFolder: next.folder } }),
      ];
      const instances = servers.map(({ server }) => server.port);
      const program = await findProgram("nginx");
      const nginx = await DeliveredProxy.start(kind, { program, port: await freePort(), instances });
      opened.push(nginx);
      const scriptOf = async ({ url }: { url: string }) => {
        const page = await (await fetch(url, { headers: { accept: "text/html" } })).text();
        return /src="(\/assets\/[^"]+)"/.exec(page)?.[1] ?? "";
      };
      const scripts = await Promise.all(servers.map(scriptOf));
      const statusOf = async (path: string) => (await fetch(nginx.url + path)).status;

      const found = await Promise.all(Array.from({ length: 20 }, () => Promise.all(scripts.map(statusOf))));
      const missing = await statusOf("/assets/nothing.js");
      const { page } = await browser.visit(nginx, "ada", admin);
      await openMonitoring(page);
      await page.getByRole("heading", { name: "Overview" }).waitFor();

      expect(new Set(scripts).size).toBe(2);
      expect(new Set(found.flat())).toEqual(new Set([200]));
      expect(missing).toBe(404);
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );
});
