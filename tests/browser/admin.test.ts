import { describe, expect, it } from "@jest/globals";
import { alertOf, healthOf, progressOf, tell } from "../support/monitoring.ts";
import { RoundRobinProxy } from "../support/round-robin-proxy.ts";
import { startServer } from "../support/server.ts";
import { storeEnv, stores } from "../support/stores.ts";
import { startAgent } from "../support/test-agent.ts";
import { tokenOf } from "../support/tokens.ts";
import { eventually } from "../support/within.ts";
import { accessibilityFaults, overflow } from "./accessibility.ts";
import { testMs, useBrowser } from "./use-browser.ts";

const operating = { roles: ["admin"] } as const;

/** Every part of the two screens, and what it is headed. */
const parts = {
  "/monitoring/overview": "Overview",
  "/monitoring/streams": "Streams",
  "/monitoring/tasks": "Tasks",
  "/monitoring/tasks/t1": "Checkpoints",
  "/monitoring/agents": "Agents",
  "/monitoring/agents/coder": "coder",
  "/monitoring/feed": "Live feed",
  "/monitoring/alerts": "Alerts",
  "/admin/instances": "Instances",
  "/admin/connections": "Connections",
  "/admin/rooms": "Rooms",
  "/admin/rooms/conversation%3A42": "conversation:42",
  "/admin/trace": "Trace",
};

describe("the admin screen", () => {
  const browser = useBrowser();

  it.each(stores)(
    "VIEW-5 an admin finds a connection and closes it, or all of a user, after giving a reason (%s)",
    async (store) => {
      const server = await startServer({ store });
      const [ada, bob] = await server.conversation("42", "ada", "bob");
      // Of a second that is over: a token of the next one would be a new one, with which bob may come back.
      const iat = Math.floor(Date.now() / 1_000) - 1;
      const ofBefore = { authorization: `Bearer ${tokenOf("bob", ["user"], { iat })}` };
      const { page } = await browser.visit(server, "root", { ...operating, path: "/admin/connections" });
      const end = async (user: string, item: RegExp, deed: string) => {
        await page.getByRole("button", { name: `Actions for ${user},` }).click();
        await page.getByRole("menuitem", { name: item }).click();
        await page.getByLabel("Reason").fill("tests");
        await page.getByRole("dialog").getByRole("button", { name: deed }).click();
      };

      await page.getByRole("searchbox", { name: "User" }).fill("ada");
      await page.getByRole("button", { name: "Bob (bob)" }).waitFor({ state: "detached" });
      const opener = page.getByRole("button", { name: "Actions for ada," });
      await opener.press("Enter");
      await page.getByRole("menuitem", { name: "Trace" }).waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("menuitem", { name: "Trace" }).waitFor({ state: "detached" });
      const isBack = await page.evaluate<boolean>("document.activeElement?.ariaLabel?.startsWith('Actions for ada,')");
      await end("ada", /^Disconnect$/, "Disconnect");
      const kicked = await ada.inbox.one("system.connection.close");
      await page.getByText("No matching connections").waitFor();
      await page.getByRole("searchbox", { name: "User" }).fill("");
      await end("bob", /^Revoke tokens/, "Revoke");
      const revoked = await bob.inbox.one("system.connection.close");
      const { status } = await server.request("GET", "/api/conversations", { as: null, headers: ofBefore });

      expect([kicked, revoked]).toMatchObject([{ reason: "kicked" }, { reason: "revoked" }]);
      expect(status).toBe(401);
      expect(isBack).toBe(true);
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it(
    "VIEW-6 an admin inspects a room, makes an announcement, and traces events",
    async () => {
      const server = await startServer({ store: "memory" });
      const [ada] = await server.conversation("42", "ada", "bob");
      const { page } = await browser.visit(server, "root", { ...operating, path: "/admin/rooms" });

      await page.getByRole("searchbox", { name: "Name starts with" }).fill("conversation:");
      await page.getByRole("link", { name: "conversation:42" }).click();
      await page.getByText("Ada (ada)").waitFor();
      await page.locator('a[href^="/admin/trace?room="]').click();
      await page.getByRole("button", { name: "Start" }).click();
      await page.getByText("Tracing until").waitFor();
      await ada.ok("chat_message", { conversationId: "42", message: "hello" });
      await page.getByText("chat_message in conversation:42 at 1, 2 connections on this instance").waitFor();
      await page.getByRole("link", { name: "Instances" }).click();
      await page.getByLabel("Message").fill("Back at noon");
      await page.getByRole("button", { name: "Announce" }).click();
      const told = await ada.inbox.one<{ data: object }>("announcement");

      expect(told.data).toMatchObject({ message: "Back at noon", level: "info" });
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it(
    "VIEW-7 the screen shows both instances behind one proxy, and continues at the other when one stops",
    async () => {
      const env = await storeEnv("redis");
      const servers = [await startServer({ store: "redis", env }), await startServer({ store: "redis", env })] as const;
      const proxy = await RoundRobinProxy.start(servers.map(({ url }) => url));
      const { page } = await browser.visit(proxy, "root", { ...operating, path: "/admin/instances" });
      const ids = servers.map(({ server }) => server.instanceId);
      for (const id of ids) await page.locator(`[data-instance="${id}"]`).waitFor();

      await page.getByRole("link", { name: "Monitoring" }).click();
      await page.getByRole("link", { name: "Streams", exact: true }).click();
      for (const [place, server] of servers.entries()) await tell(server, progressOf("s1", 4 + place));
      await page.getByText("50 % · 5 / 10").waitFor();
      await servers[0].server.close();
      await tell(servers[1], progressOf("s1", 9));
      await page.getByText("90 % · 9 / 10").waitFor();
      await page.goto(`${proxy.url}/admin/instances`);
      await page.locator(`[data-instance="${ids[1]}"]`).waitFor();
      await page.locator(`[data-instance="${ids[0]}"]`).waitFor({ state: "detached" });

      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it.each([
    { colorScheme: "light", reducedMotion: "reduce", viewport: { width: 1280, height: 800 } },
    { colorScheme: "dark", reducedMotion: "reduce", viewport: { width: 390, height: 844 } },
  ] as const)(
    "VIEW-8 axe finds nothing serious, and nothing overflows, in any section of monitoring and admin ($colorScheme)",
    async (options) => {
      const server = await startServer({ store: "memory" });
      await server.conversation("42", "ada", "bob");
      await startAgent(server, "coder");
      await server.request("POST", "/api/tasks", {
        as: "backend",
        roles: ["service"],
        body: { id: "t1", title: "One" },
      });
      await tell(server, progressOf("s1", 4), alertOf("a1"), healthOf("database", "down"));
      const { page } = await browser.visit(server, "root", { ...operating, path: "/chat", page: options });

      const found: Record<string, unknown> = {};
      for (const [path, heading] of Object.entries(parts)) {
        await page.evaluate(`history.pushState(null, "", ${JSON.stringify(path)})`);
        await page.getByRole("heading", { name: heading }).first().waitFor();
        await eventually(
          async () => (await page.locator('[aria-label="Loading"], [data-deferred]').count()) === 0,
          `${path} in full`,
        );
        const wrong = [...(await accessibilityFaults(page)), ...((await overflow(page)) > 0 ? ["too wide"] : [])];
        if (wrong.length > 0) found[path] = wrong;
      }

      expect(found).toEqual({});
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );
});
