import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { installationMs } from "../support/programs.ts";
import { startServer } from "../support/server.ts";
import { tokenOf } from "../support/tokens.ts";
import { TestBrowser } from "./test-browser.ts";

const testMs = 60_000;

describe("signing in", () => {
  let browser: TestBrowser;
  beforeAll(async () => {
    browser = await TestBrowser.launch();
  }, installationMs);
  afterEach(() => browser.closePages(), testMs);
  afterAll(() => browser?.close(), testMs);

  it(
    "PAGE-5 is done by a link, which leaves no token behind, and lasts until one signs out",
    async () => {
      const server = await startServer({ store: "memory" });
      const ada = await browser.visit(server, "ada", { path: "/chat" });
      const { page } = ada;

      expect(page.url()).toMatch(/\/chat$/);
      const kept = await page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])");
      expect(kept).not.toContain("eyJ");
      await page.reload();
      await ada.isIn("active");
      await page.getByRole("button", { name: "Ada: account" }).click();
      await page.getByRole("menuitem", { name: "Sign out" }).click();
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      await page.reload();
      await page.getByRole("heading", { name: "Sign in" }).waitFor();

      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it(
    "PAGE-5 says why a token is refused, and takes a pasted one or a pasted link",
    async () => {
      const server = await startServer({ store: "memory" });
      const page = await browser.openPage(server.url);
      const submit = async (text: string) => {
        await page.getByLabel("Token").fill(text);
        await page.getByRole("button", { name: "Sign in" }).click();
      };

      await submit(tokenOf("ada", ["user"], { exp: 1 }));
      await page.getByRole("alert").getByText("expired").waitFor();
      await submit(`${server.url}/#token=${tokenOf("ada")}`);
      await page.locator('connection-status[data-state="active"]').waitFor();

      // The browser notes the refusal, too.
      expect(browser.faults.filter((fault) => !fault.includes("401"))).toEqual([]);
    },
    testMs,
  );

  it.each([
    { roles: ["user"], screens: ["Chat"] },
    { roles: ["monitor"], screens: ["Monitoring"] },
    { roles: ["admin"], screens: ["Chat", "Monitoring", "Admin"] },
  ] as const)(
    "PAGE-6 shows $roles the screens $screens, and leads to the first from any other",
    async ({ roles, screens }) => {
      const server = await startServer({ store: "memory" });
      const visitor = await browser.visit(server, "root", { roles, path: "/nowhere" });

      const links = visitor.page.getByRole("navigation", { name: "Screens" }).getByRole("link");
      await links.first().waitFor();

      expect(await links.allTextContents()).toEqual(screens);
      expect(new URL(visitor.page.url()).pathname).toBe(`/${screens[0].toLowerCase()}`);
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it(
    "PAGE-5 ends when the session is revoked, and says so",
    async () => {
      const server = await startServer({ store: "memory" });
      const ada = await browser.visit(server, "ada");

      await server.request("POST", "/api/revocations", { as: "root", roles: ["admin"], body: { userId: "ada" } });

      await ada.page.getByRole("heading", { name: "Sign in" }).waitFor();
      await ada.page.getByRole("alert").waitFor();
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );
});
