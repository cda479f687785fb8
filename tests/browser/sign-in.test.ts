import { describe, expect, it } from "@jest/globals";
import { audience, TestProvider } from "../support/openid-provider.ts";
import { startServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";
import { tokenOf } from "../support/tokens.ts";
import { eventually } from "../support/within.ts";
import { accessibilityFaults, overflow } from "./accessibility.ts";
import { plainHost } from "./test-browser.ts";
import { testMs, useBrowser } from "./use-browser.ts";

describe("signing in", () => {
  const browser = useBrowser();

  it.each(stores)(
    "PAGE-5 a link signs a user in, leaves no token behind, and lasts until the user signs out (%s)",
    async (store) => {
      const server = await startServer({ store });
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

  it.each(stores)(
    "PAGE-5 the page says why a token is refused, and accepts a pasted token or link (%s)",
    async (store) => {
      const server = await startServer({ store });
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

  it(
    "PAGE-9 axe finds nothing serious, in light and dark, on a desktop and a phone",
    async () => {
      const server = await startServer({ store: "memory" });
      const page = await browser.openPage(server.url);
      await page.getByRole("heading", { name: "Sign in" }).waitFor();

      const faults: string[] = [];
      for (const colorScheme of ["light", "dark"] as const) {
        for (const width of [1280, 390]) {
          await page.emulateMedia({ colorScheme });
          await page.setViewportSize({ width, height: 844 });
          faults.push(...(await accessibilityFaults(page)));
          if ((await overflow(page)) > 0) faults.push(`wider than ${width}`);
        }
      }

      expect(faults).toEqual([]);
    },
    testMs,
  );

  it.each([
    { roles: ["user"], screens: ["Chat"] },
    { roles: ["monitor"], screens: ["Monitoring"] },
    { roles: ["admin"], screens: ["Chat", "Monitoring", "Admin"] },
  ] as const)(
    "PAGE-6 $roles may open the screens $screens, and any other screen leads to the first of them",
    async ({ roles, screens }) => {
      const server = await startServer({ store: "memory" });
      const visitor = await browser.visit(server, "root", { roles, path: "/nowhere" });

      const links = visitor.page.getByRole("navigation", { name: "Screens" }).getByRole("link");
      await links.first().waitFor();

      expect(await links.allTextContents()).toEqual(screens);
      expect(new URL(visitor.page.url()).pathname.split("/")[1]).toBe(screens[0].toLowerCase());
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it(
    "PAGE-5 over plain HTTP, signing in works on a host other than this one, and the page says where it does not",
    async () => {
      const { url } = await startServer({ store: "memory" });
      const server = { url: url.replace("localhost", plainHost) };
      const ada = await browser.visit(server, "mona", { roles: ["monitor"], path: "/monitoring/tasks" });

      await ada.page.reload();
      await ada.isIn("active");
      await ada.page.getByText("No tasks yet").waitFor();
      const strict = await startServer({ store: "memory", env: { NODE_ENV: "production", HOST: "127.0.0.1" } });
      const address = strict.url.replace(/localhost|127\.0\.0\.1/, plainHost);
      const refused = await browser.openPage(`${address}/#token=${tokenOf("ada")}`);
      await refused.getByRole("alert").getByText("Open it with https").waitFor();

      // A header that counts over HTTPS alone.
      expect(browser.faults.filter((fault) => !fault.startsWith("The Cross-Origin-Opener-Policy"))).toEqual([]);
    },
    testMs,
  );

  it.each(stores)(
    "PAGE-5 a revoked session ends, and the page says so (%s)",
    async (store) => {
      const server = await startServer({ store });
      const ada = await browser.visit(server, "ada");

      await server.request("POST", "/api/revocations", { as: "root", roles: ["admin"], body: { userId: "ada" } });

      await ada.page.getByRole("heading", { name: "Sign in" }).waitFor();
      await ada.page.getByRole("alert").waitFor();
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it.each(stores)(
    "PAGE-10 a user signs in at a provider, returns to the same screen, and gets newer tokens from the provider (%s)",
    async (store) => {
      const provider = await TestProvider.start();
      // Renewed a minute before its end, which is at once.
      provider.lifetime = 62;
      const env = { OIDC_ISSUER: provider.issuer, OIDC_CLIENT_ID: "dashboard", OIDC_AUDIENCE: audience };
      const server = await startServer({ store, env });
      const url = server.url.replace("localhost", "127.0.0.1");
      provider.letSignInFrom({ clientId: "dashboard", redirectUri: `${url}/sign-in` });
      const page = await browser.openPage(`${url}/chat`);

      await page.getByRole("button", { name: `Sign in with ${new URL(provider.issuer).host}` }).click();
      await page.locator('[name="login"]').fill("ada");
      await page.locator('[name="password"]').fill("any");
      await page.getByRole("button", { name: "Sign-in" }).click();
      const renewed: string[] = [];
      page.on("request", (request) => {
        const { authorization } = request.headers();
        if (request.method() === "POST" && authorization) renewed.push(authorization);
      });
      await page.getByRole("button", { name: "Continue" }).click();
      await page.locator('connection-status[data-state="active"]').waitFor();
      await eventually(() => new Set(renewed).size >= 2, "a newer token");

      expect(page.url()).toBe(`${url}/chat`);
      expect(await page.locator("connection-status").getAttribute("data-state")).toBe("active");
      // The provider's own page asks for pictures and fonts that are not there.
      expect(browser.faults.filter((fault) => !fault.startsWith("Failed to load resource"))).toEqual([]);
    },
    testMs,
  );
});
