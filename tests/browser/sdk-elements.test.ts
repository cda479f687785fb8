import { describe, expect, it } from "@jest/globals";
import { startServer, type TestServer } from "../support/server.ts";
import { storeEnv } from "../support/stores.ts";
import { tokenOf } from "../support/tokens.ts";
import { eventually } from "../support/within.ts";
import { apartFromOutages, follow, numbered, openChat, useSdkBrowser } from "./sdk-chat.ts";
import { testMs } from "./use-browser.ts";

interface Counts {
  renderings: number;
  frames: number;
}
const counts = "({ renderings: window.renderings, frames: window.frameCount })";

describe("the user interface of the package", () => {
  const sdk = useSdkBrowser();

  it(
    "SDK-24 the elements show the connection state by colour, shape and words",
    async () => {
      // The server that takes its place knows the conversation, too.
      const env = await storeEnv("redis");
      const { server, url, page } = await openChat(sdk, env);
      await page.evaluate(follow(url, tokenOf("bob")));
      await page.evaluate(`import("@signalbox/client/element").then(() => {
        for (const name of ["connection-status", "freshness-badge"]) {
          const element = document.createElement(name);
          document.body.append(element);
          element.client = window.client;
        }
      })`);
      const status = page.locator("connection-status");
      const badge = page.locator("freshness-badge");
      const shape = () => status.locator("[part=indicator]").getAttribute("data-shape");

      await status.getByText("Connected", { exact: true }).waitFor();
      await badge.getByText("live").waitFor();
      const whenActive = await shape();
      await server.server.close();
      await status.getByText("Cannot reach the server").waitFor();
      await status.getByText(/next try in 1 s/).waitFor();
      await badge.getByText(/stale since/).waitFor();
      const whenLost = await shape();
      await startServer({ store: "memory", env: { ...env, PORT: String(server.server.port) } });
      await status.getByText("Connected", { exact: true }).waitFor();
      await page.evaluate("window.client.disconnect()");
      await status.getByText("Disconnected", { exact: true }).waitFor();

      expect([whenActive, whenLost, await shape()]).toEqual(["circle", "ring", "square"]);
      expect(await status.getByRole("status").getAttribute("aria-live")).toBe("polite");
      expect(apartFromOutages(sdk.browser.faults)).toEqual([]);
    },
    testMs,
  );

  it(
    "SDK-25 the hooks show a conversation in StrictMode without excessive renderings",
    async () => {
      const { url, robot, page } = await openChat(sdk);
      await page.evaluate(`(async () => {
        const { createElement: h, StrictMode } = await import("react");
        const { createRoot } = await import("react-dom/client");
        const { createClient } = await import("@signalbox/client");
        const sdk = await import("@signalbox/client/react");
        const client = createClient({ url: ${JSON.stringify(url)}, token: ${JSON.stringify(tokenOf("bob"))} });
        window.renderings = 0;
        function Chat() {
          window.renderings += 1;
          const { state } = sdk.useConnection();
          const { entries, isLive, send } = sdk.useConversation("42");
          const members = sdk.usePresence("42");
          const answer = sdk.useStreamedResponse("42");
          return h("section", null,
            h("p", { id: "state" }, state + (isLive ? " live" : "")),
            h("p", { id: "members" }, members.map(({ userId }) => userId).join(",")),
            h("p", { id: "answer" }, answer ? answer.status + ": " + answer.text : ""),
            answer && h("button", { onClick: () => answer.cancel() }, "Stop"),
            h("ol", null, entries.map(({ id, data }) => h("li", { key: id }, data.message))),
            h("button", { onClick: () => send("from the page") }, "Send"),
            h(sdk.ConnectionStatus));
        }
        createRoot(document.getElementById("main")).render(
          h(StrictMode, null, h(sdk.SignalboxProvider, { client }, h(Chat))));
        await client.connect();
      })()`);
      await page.getByText("active live").waitFor();
      await page.getByRole("button", { name: "Send" }).click();
      await page.getByText("from the page").waitFor();
      await page.locator("connection-status").getByText("Connected").waitFor();
      // As a page does that draws something of its own.
      await page.evaluate(
        `(function frame() { window.frameCount = (window.frameCount ?? 0) + 1; requestAnimationFrame(frame); })()`,
      );
      const before = await page.evaluate<Counts>(counts);
      await Promise.all(
        numbered(1_000).map((message) => robot.send("chat_message", { conversationId: "42", message })),
      );
      await page.locator("li").nth(1_000).waitFor();
      const after = await page.evaluate<Counts>(counts);
      const response = robot.chat.conversation("42").respond();
      await response.delta("Once ");
      await page.getByText("streaming: Once").waitFor();
      await response.delta("upon a time");
      await response.end();
      await page.getByText("complete: Once upon a time").waitFor();
      const unwanted = robot.chat.conversation("42").respond();
      await unwanted.delta("There was");
      await page.getByText("streaming: There was").waitFor();
      await page.getByRole("button", { name: "Stop" }).click();
      await eventually(() => unwanted.signal.aborted, "the cancellation");
      await unwanted.cancel();
      await page.getByText("cancelled: There was").waitFor();

      const shown = await page.locator("li").allTextContents();
      expect(shown).toEqual(["from the page", ...numbered(1_000), "Once upon a time", "There was"]);
      expect(await page.locator("#members").textContent()).toBe("bob");
      // StrictMode renders twice.
      const renderings = (after.renderings - before.renderings) / 2;
      expect(renderings).toBeLessThanOrEqual(after.frames - before.frames + 1);
      expect(renderings).toBeLessThan(500);
      expect(sdk.browser.faults).toEqual([]);
    },
    testMs,
  );

  it(
    "SDK-25 the hooks show live lists without gaps, even after the server has lost its history",
    async () => {
      const server = await startServer({ store: "memory" });
      const url = server.url.replace("localhost", "127.0.0.1");
      const write = async (to: TestServer, path: string, body: object) => {
        const method = path.includes("/t") && !("id" in body) ? "PATCH" : "POST";
        const { status } = await to.request(method, `/api${path}`, { as: "backend", roles: ["service"], body });
        expect(status).toBeLessThan(300);
      };
      const task = (id: string, title: string) => ({ id, title, streamId: "s1" });
      await write(server, "/streams", { id: "s1", name: "Build" });
      for (const id of ["t1", "t2"]) await write(server, "/tasks", task(id, `Task ${id}`));
      const page = await sdk.browser.openPage(sdk.site.url);
      await page.evaluate(`(async () => {
        const { createElement: h, StrictMode } = await import("react");
        const { createRoot } = await import("react-dom/client");
        const { createClient } = await import("@signalbox/client");
        const sdk = await import("@signalbox/client/react");
        const client = createClient({ url: ${JSON.stringify(url)}, namespaces: ["/monitoring"],
          token: ${JSON.stringify(tokenOf("mona", ["monitor"]))}, backoff: { baseMs: 100, maxMs: 500 } });
        function Board() {
          const tasks = sdk.useTasks({ streamId: "s1" });
          const streams = sdk.useStreams();
          const line = ({ id, title, status }) => id + " " + title + " " + status;
          const progress = ({ streamId, completedTasks, totalTasks }) => streamId + " " + completedTasks + "/" + totalTasks;
          return h("section", null, h("p", null, tasks.isLive && streams.isLive ? "live" : "not live"),
            h("ul", null, tasks.items.map((task) => h("li", { key: task.id }, line(task)))),
            h("ol", null, streams.items.map((stream) => h("li", { key: stream.streamId }, progress(stream)))));
        }
        createRoot(document.getElementById("main")).render(
          h(StrictMode, null, h(sdk.SignalboxProvider, { client }, h(Board))));
        await client.connect();
      })()`);
      const shows = (...lines: string[]) =>
        eventually(
          async () => (await page.locator("li").allTextContents()).toSorted().join() === lines.toSorted().join(),
          lines.join(),
        );

      await page.getByText("live", { exact: true }).waitFor();
      await shows("t1 Task t1 pending", "t2 Task t2 pending", "s1 0/2");
      await write(server, "/tasks/t1", { status: "completed" });
      await write(server, "/tasks", task("t3", "Third"));
      await shows("t1 Task t1 completed", "t2 Task t2 pending", "t3 Third pending", "s1 1/3");
      await server.server.close();
      const again = await startServer({ store: "memory", env: { PORT: String(server.server.port) } });
      await write(again, "/streams", { id: "s1", name: "Build" });
      await write(again, "/tasks", task("t4", "Fourth"));
      await shows("t4 Fourth pending", "s1 0/1");

      expect(apartFromOutages(sdk.browser.faults)).toEqual([]);
    },
    testMs,
  );
});
