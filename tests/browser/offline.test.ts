import { describe, expect, it } from "@jest/globals";
import type { Page } from "playwright-core";
import { startServer } from "../support/server.ts";
import { storeEnv } from "../support/stores.ts";
import { accessibilityFaults, overflow } from "./accessibility.ts";
import { apartFromOutages } from "./sdk-chat.ts";
import { testMs, useBrowser } from "./use-browser.ts";

const reconnect = (page: Page) => page.getByRole("button", { name: "Reconnect now" });

describe("the dashboard without a connection", () => {
  const browser = useBrowser();

  it(
    "PAGE-14 it shows since when it has been offline and when it tries again, and tries at once on request",
    async () => {
      // Sessions outlive the server.
      const env = await storeEnv("redis");
      const server = await startServer({ store: "redis", env });
      const ada = await browser.visit(server, "ada", { path: "/chat" });
      const { page } = ada;

      await server.server.close();
      await page.getByText(/^Cannot reach the server since \d+:\d\d:\d\d/).waitFor();
      const faults: string[] = [];
      for (const colorScheme of ["light", "dark"] as const) {
        for (const width of [1280, 390]) {
          await page.emulateMedia({ colorScheme });
          await page.setViewportSize({ width, height: 844 });
          faults.push(...(await accessibilityFaults(page)));
          if ((await overflow(page)) > 0) faults.push(`wider than ${width}`);
        }
      }
      // Late enough that it is not the timer that connects.
      await page.getByText(/^Next try in (?:1\d|2\d) s\.$/).waitFor();
      await startServer({ store: "redis", env: { ...env, PORT: String(server.server.port) } });
      const clickedAt = Date.now();
      await reconnect(page).click();
      await ada.isIn("active");
      const tookMs = Date.now() - clickedAt;
      await reconnect(page).waitFor({ state: "detached" });

      expect(tookMs).toBeLessThan(9_000);
      expect(faults).toEqual([]);
      expect(apartFromOutages(browser.faults)).toEqual([]);
    },
    testMs,
  );

  it(
    "PAGE-14 it does the same if the server does not respond when the page is opened",
    async () => {
      const server = await startServer({ store: "memory" });
      const page = await browser.openPage("about:blank");
      await page.route(/\/api\/session/, (route) => route.abort());
      await page.goto(server.url);

      await page.getByText(/^Cannot reach the server since/).waitFor();
      await page.getByText(/^Next try in/).waitFor();
      const faults = await accessibilityFaults(page);
      await page.unroute(/\/api\/session/);
      await reconnect(page).click();
      await page.getByRole("heading", { name: "Sign in" }).waitFor();

      expect(faults).toEqual([]);
    },
    testMs,
  );

  it(
    "PAGE-14 it says that an admin has closed the connection, and connects again on request",
    async () => {
      const server = await startServer({ store: "memory" });
      const ada = await browser.visit(server, "ada", { path: "/chat" });
      const root = await server.connect("root", { namespace: "/admin", roles: ["admin"] });

      await root.ok("admin.disconnect", { userId: "ada", reason: "tests" });
      await ada.page.getByText("An administrator has closed this connection.").waitFor();
      await reconnect(ada.page).click();
      await ada.isIn("active");

      expect(browser.faults).toEqual([]);
    },
    testMs,
  );
});
