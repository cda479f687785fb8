import { afterEach, describe, expect, it } from "@jest/globals";
import { PathProxy } from "../support/path-proxy.ts";
import { startServer } from "../support/server.ts";
import { tokenOf } from "../support/tokens.ts";
import { ChatVisitor } from "./chat-visitor.ts";
import { plainHost } from "./test-browser.ts";
import { testMs, useBrowser } from "./use-browser.ts";

const opened: PathProxy[] = [];
afterEach(async () => {
  for (const proxy of opened.splice(0)) await proxy.stop();
});

/** A server behind nginx, at a host that is not its own. */
async function startBehind(hostHeader: "X-Forwarded-Host" | "none") {
  const server = await startServer({ store: "memory", env: { BASE_PATH: "/rt", TRUST_PROXY: "1" } });
  const proxy = await PathProxy.start({ target: server.url, path: "/rt", removesPath: false, hostHeader });
  opened.push(proxy);
  return { server, url: proxy.url.replace("127.0.0.1", plainHost) };
}

describe("behind a proxy that sends another Host", () => {
  const browser = useBrowser();

  it(
    "PAGE-5 the dashboard loads, and says why its connection is refused and which setting to change",
    async () => {
      const { server, url } = await startBehind("none");

      const page = await browser.openPage(`${url}/chat#token=${tokenOf("ada")}`);
      const alert = page.getByRole("alert");
      await alert.waitFor();
      const text = await alert.textContent();

      for (const part of [`"${new URL(url).origin}"`, new URL(server.url).port, "CORS_ORIGINS", "Host header"])
        expect(text).toContain(part);
      expect(server.lines.filter((line) => line.includes("origin refused"))).toHaveLength(1);
    },
    testMs,
  );

  it(
    "CONN-5 the dashboard works if the proxy passes the original host on, also after a reload",
    async () => {
      const { server, url } = await startBehind("X-Forwarded-Host");

      const ada = new ChatVisitor((await browser.visit({ url }, "ada", { path: "/chat" })).page);
      await ada.create("Signals", "bob");
      await ada.send("hello");
      await ada.page.reload();
      await ada.isIn("active");
      await ada.sees("hello");
      const transport = await ada.page.evaluate<string>("document.querySelector('connection-status').client.transport");

      expect(transport).toBe("websocket");
      expect(server.lines.filter((line) => line.includes("origin refused"))).toEqual([]);
    },
    testMs,
  );
});
