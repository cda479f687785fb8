import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import { startProcess } from "../child-process.ts";
import { screens } from "./screens.ts";

// Takes screenshots of every screen of the demo for the README: light and dark, desktop and phone.

const folder = "docs/screenshots";
const port = Number(process.env.PORT ?? 8199);
const sizes = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
/** Until charts and conversations have content. */
const warmUpMs = 45_000;
const settleMs = 1_500;

async function main(): Promise<void> {
  const executablePath = process.env.CHROMIUM_PATH ?? execFileSync("which", ["chromium"]).toString().trim();
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--hide-scrollbars"] });
  const demo = await startProcess(["dist/demo/demo/main.js"], { PORT: String(port) }, { output: "Ctrl-C stops" });
  mkdirSync(folder, { recursive: true });
  try {
    const link = /Root: everything\s+(\S+)/.exec(demo.output())?.[1] ?? "";
    await pause(warmUpMs);
    for (const colorScheme of ["light", "dark"] as const) {
      for (const [size, viewport] of Object.entries(sizes)) {
        const page = await signIn(browser, link, { colorScheme, viewport });
        for (const { name, path, ready } of screens) {
          await page.goto(new URL(path, link).href);
          await page.getByText(ready).first().waitFor();
          await pause(settleMs);
          await page.screenshot({ path: `${folder}/${name}-${colorScheme}-${size}.png` });
        }
        await page.context().close();
      }
    }
  } finally {
    await browser.close();
    await demo.stop();
  }
}

async function signIn(
  browser: Browser,
  link: string,
  look: { colorScheme: "light" | "dark"; viewport: { width: number; height: number } },
): Promise<Page> {
  const context = await browser.newContext({ ...look, reducedMotion: "reduce" });
  const page = await context.newPage();
  await page.goto(link);
  await page.locator('connection-status[data-state="active"]').waitFor();
  return page;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

await main();
