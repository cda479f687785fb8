import { describe, expect, it } from "@jest/globals";
import type { Page } from "playwright-core";
import { alertOf, healthOf, taskCreation, tell } from "../support/monitoring.ts";
import { startServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";
import { TaskBoard } from "../support/task-board.ts";
import { startAgent } from "../support/test-agent.ts";
import { testMs, useBrowser } from "./use-browser.ts";

const watching = { roles: ["monitor"] } as const;

/** So many, in portions that the server takes. */
function batches(name: string, count: number) {
  const all = Array.from({ length: count }, (_, index) => taskCreation(`${name}-${index}`));
  return Array.from({ length: Math.ceil(count / 500) }, (_, index) => all.slice(index * 500, (index + 1) * 500));
}

describe("the monitoring screen", () => {
  const browser = useBrowser();

  it.each(stores)(
    "VIEW-1 a stream shows what blocks it, and its bar reaches 100 % as its tasks are completed (%s)",
    async (store) => {
      const board = await TaskBoard.start(store);
      await board.stream("s1", 4);
      const { page } = await browser.visit(board.server, "mona", { ...watching, path: "/monitoring/streams" });
      const bar = page.getByRole("progressbar", { name: "Progress of Stream s1" });
      await bar.waitFor();

      await board.set("t1", "blocked", { blockedReason: "no disk" });
      await page.getByText("Blocked: Task 1: no disk").waitFor();
      await page.getByRole("link", { name: "Stream s1" }).click();
      await page.getByRole("row", { name: /Task 1 Blocked no disk/ }).waitFor();
      await page.getByText("Pending 3").click();
      await page.getByRole("link", { name: "Task 1" }).waitFor({ state: "detached" });
      await page.goto(`${new URL(page.url()).origin}/monitoring/streams`);
      const seen: (string | null)[] = [];
      for (const [done, id] of ["t1", "t2", "t3", "t4"].entries()) {
        await board.set(id, "completed");
        await page.locator(`[role=progressbar][aria-valuenow="${(done + 1) * 25}"]`).waitFor();
        seen.push(await bar.getAttribute("aria-valuetext"));
      }

      expect(seen).toEqual(["25 %", "50 %", "75 %", "100 %"]);
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it.each(stores)(
    "VIEW-2 a paused feed loses nothing, even if more arrives than a page keeps (%s)",
    async (store) => {
      const server = await startServer({ store });
      const { page } = await browser.visit(server, "mona", { ...watching, path: "/monitoring/feed" });
      await tell(server, taskCreation("first"));
      await page.getByText("task:first").waitFor();

      await page.getByRole("button", { name: "Pause" }).click();
      for (const batch of batches("few", 300)) await tell(server, ...batch);
      await page.getByText("300 new events.").waitFor();
      const whilePaused = await page.getByText("task:few-299").count();
      await page.getByRole("button", { name: "Resume" }).click();
      await page.getByText("The latest 301 events.").waitFor();
      await page.getByRole("button", { name: "Pause" }).click();
      for (const batch of batches("many", 3_000)) await tell(server, ...batch);
      await page.getByText("later ones are read from the server").waitFor();
      await page.getByRole("button", { name: "Resume" }).click();
      await page.getByText("task:many-2999").waitFor();
      // 2 500 are held before the server is asked for the rest: nothing is missing on either side.
      await page.getByRole("searchbox", { name: "Room" }).fill("task:many-2");
      await page.getByText("The latest 2,500 events, 1,000 matching.").waitFor();
      await page.getByRole("searchbox", { name: "Room" }).fill("task:many-250");
      await page.getByText(", 10 matching.").waitFor();

      expect(whilePaused).toBe(0);
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it(
    "VIEW-3 agents are shown with the server's verdict, their dispatches in flight, and their activity",
    async () => {
      const server = await startServer({ store: "memory", env: { AGENT_STALL_SECONDS: "8" } });
      const agent = await startAgent(server, "coder", { capabilities: ["code"], beatMs: 200 });
      const { page } = await browser.visit(server, "mona", { ...watching, path: "/monitoring/agents" });
      await page.getByRole("row", { name: /coder (connected|heartbeating)/ }).waitFor();

      const body = { agentId: "coder", content: "write a test" };
      await server.request("POST", "/api/dispatches", { as: "backend", roles: ["service"], body });
      const dispatch = await agent.nextDispatch();
      await page.getByRole("row", { name: /coder stalled/ }).waitFor();
      await page.getByRole("link", { name: "coder" }).click();
      await agent.progress(dispatch, { percent: 40, progressText: "half of it" });
      await page.getByRole("progressbar", { name: "Progress of write a test" }).waitFor();
      await page.getByText("progressing").waitFor();
      await agent.respond(dispatch, { content: "written" });
      await page.getByText("1 step · written").waitFor();
      agent.client.close();
      await page.getByText("gone", { exact: true }).waitFor();

      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it(
    "VIEW-4 alerts are counted until this viewer acknowledges them, and the health of components is shown",
    async () => {
      const server = await startServer({ store: "memory" });
      await tell(server, alertOf("disk-full"), alertOf("queue-long"), healthOf("database", "degraded"));
      const { page } = await browser.visit(server, "mona", { ...watching, path: "/monitoring/overview" });
      const alerts = page.getByRole("link", { name: /^Alerts/ });
      await alerts.getByText("2").waitFor();
      await page.getByRole("listitem").filter({ hasText: "database" }).getByText("degraded").waitFor();

      await alerts.click();
      await page.getByRole("button", { name: "Acknowledge: disk-full" }).click();
      await alerts.getByText("1").waitFor();
      await page.reload();
      await alerts.getByText("1").waitFor();
      const other = await browser.visit(server, "otto", { ...watching, path: "/monitoring/alerts" });
      await other.page.getByText("Open 2").waitFor();

      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it(
    "VIEW-10 the chart begins with the events that the log still has, and times are shown in the viewer's format",
    async () => {
      const server = await startServer({ store: "memory" });
      const agent = await startAgent(server, "coder", { beatMs: 200 });
      await tell(server, taskCreation("first"));
      const open = async () =>
        (await browser.visit(server, "mona", { ...watching, path: "/monitoring/overview" })).page;
      const chart = (page: Page) => page.getByRole("figure").filter({ hasText: "Events per second, over the last" });
      const one = await open();
      await chart(one)
        .filter({ hasText: /over the last (?:[4-9]\.\d|\d\d) s/ })
        .waitFor();

      const other = await open();
      await chart(other).waitFor();
      const [, seconds] = /over the last ([\d.]+) s/.exec((await chart(other).textContent()) ?? "") ?? [];
      await other.getByText(/coder.*heartbeat at \d+:\d\d:\d\d/).waitFor();

      expect(Number(seconds)).toBeGreaterThan(2);
      agent.client.close();
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );

  it(
    "VIEW-9 of a long list only the visible rows are rendered, and the others when scrolled to",
    async () => {
      const board = await TaskBoard.start("memory");
      await board.stream("s1", 300);
      const { page } = await browser.visit(board.server, "mona", { ...watching, path: "/monitoring/tasks" });
      const table = page.getByRole("table", { name: "Tasks" });
      await table.getByRole("link", { name: "Task 1", exact: true }).waitFor();

      const rows = await table.getByRole("row").count();
      const known = await table.getAttribute("aria-rowcount");
      await table.hover();
      await page.mouse.wheel(0, 100_000);
      await table.getByRole("link", { name: "Task 300", exact: true }).waitFor();
      await table.getByRole("link", { name: "Task 1", exact: true }).waitFor({ state: "detached" });

      expect(rows).toBeLessThan(60);
      expect(known).toBe("301");
      expect(browser.faults).toEqual([]);
    },
    testMs,
  );
});
