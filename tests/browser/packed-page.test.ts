import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { PackedSdk, readmeExamples } from "../client-sdk/packed-sdk.ts";
import { root } from "../repository/source-tree.ts";
import { installationMs } from "../support/programs.ts";
import { startServer } from "../support/server.ts";
import { tokenOf } from "../support/tokens.ts";
import { StaticSite } from "./static-site.ts";
import { testMs, useBrowser } from "./use-browser.ts";

const examples = readmeExamples().filter(({ isOfPage }) => isOfPage);
/** The session asks for a token by a dialogue, at the server that the page is from. It has tests of its own. */
const shown = examples.filter(({ code }) => !code.includes("createCookieSession"));

const html = (program: string) =>
  `<!doctype html><meta charset="utf-8"><title>App</title><link rel="icon" href="data:,"><main id="main"></main>
<script type="module" src="./${program}"></script>`;

/** Everything that the README shows on a page, on one page. */
const everything = `import { createElement } from "react";
import { createRoot } from "react-dom/client";
${shown.map(({ name }, index) => `import * as shown${index} from "./${name}";`).join("\n")}
const main = document.getElementById("main");
for (const { App } of [${shown.map((_, index) => `shown${index}`)}] as { App?: () => unknown }[])
  if (App && main) createRoot(main).render(createElement(App as () => null));
`;

/** What was fetched until the page was connected. */
const connecting = `import { createClient } from "@signalbox/client";
const [, url = "", token = ""] = location.hash.split("#");
await createClient({ url, token }).connect();
Object.assign(window, { connectedBy: performance.getEntriesByType("resource").map(({ name }) => name) });
`;

describe("the package, installed in an empty Vite project", () => {
  const browser = useBrowser();
  let project: PackedSdk;
  beforeAll(() => {
    project = new PackedSdk("react", "react-dom", "@types/react", "@types/react-dom");
  }, installationMs);
  afterAll(() => project?.remove());

  it(
    "SDK-26 the examples of the README have the right types, and run",
    async () => {
      const server = await startServer({ store: "memory" });
      const url = server.url.replace("localhost", "127.0.0.1");
      const token = tokenOf("ada");
      const ada = await server.connect("ada");
      await ada.ok("conversation.create", { id: "42" });
      for (const { name, code } of examples) project.write(`page/${name}`, `${code}\nexport {};\n`);
      project.write("page/everything.ts", everything);
      project.write("page/connecting.ts", connecting);

      const faults = project.compile("page", {
        module: "esnext",
        moduleResolution: "bundler",
        jsx: "react-jsx",
        lib: ["es2023", "dom"],
        types: [],
        noEmit: true,
        allowImportingTsExtensions: true,
      });
      for (const { name, code } of examples) {
        const filled = code
          .replaceAll(/"http:\/\/localhost:8000"|"https:\/\/signalbox.example.com"/g, JSON.stringify(url))
          .replaceAll('"…"', JSON.stringify(token));
        project.write(`page/${name}`, `${filled}\nexport {};\n`);
      }
      project.write("page/index.html", html("everything.ts"));
      project.write("page/cold.html", html("connecting.ts"));
      const input = { input: ["index.html", "cold.html"] };
      project.write(
        "page/vite.config.js",
        `export default ${JSON.stringify({ build: { target: "es2022", rolldownOptions: input } })};`,
      );
      execFileSync(process.execPath, [join(root, "node_modules/vite/bin/vite.js"), "build", "--logLevel", "error"], {
        cwd: join(project.folder, "page"),
      });
      const site = await StaticSite.start(join(project.folder, "page/dist"), { "/token": token });
      const page = await browser.openPage(site.url);
      await page.getByRole("button", { name: "Say hello" }).click();
      await page.locator("main p").getByText("hello", { exact: true }).waitFor();
      await page.locator("main connection-status").getByText("Connected").waitFor();
      await page.locator("body > freshness-badge").waitFor();

      const cold = await browser.openPage(`${site.url}cold.html#${url}#${token}`);
      await cold.waitForFunction("window.connectedBy");
      const connectedBy = await cold.evaluate<string[]>("window.connectedBy");
      await browser.closePages();
      await site.close();

      expect(faults).toBe("");
      expect(examples.length).toBeGreaterThan(3);
      // A WebSocket is no resource: nothing else was asked for, neither polling nor a session.
      expect(connectedBy.filter((name) => name.startsWith(url))).toEqual([]);
    },
    testMs,
  );
});
