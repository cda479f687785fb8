import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "@jest/globals";
import { root } from "../repository/source-tree.ts";
import { installationMs } from "../support/programs.ts";

/** Builds the dashboard as another version: all of its files have other names. */
const script = (folder: string) => `
process.env.NODE_ENV = "production";
const { build } = await import("vite");
const output = { entryFileNames: "assets/[name]-next-[hash].js", chunkFileNames: "assets/[name]-next-[hash].js",
  assetFileNames: "assets/[name]-next-[hash][extname]" };
await build({ root: "dashboard", configFile: "dashboard/vite.config.ts", logLevel: "error",
  build: { outDir: ${JSON.stringify(folder)}, rolldownOptions: { output } } });`;

/** Another build of the dashboard, for the tests of a file. */
export function useSecondBuild(): { readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), "signalbox-dashboard-"));
  beforeAll(() => {
    execFileSync(process.execPath, ["--input-type=module", "--eval", script(folder)], { cwd: root });
  }, installationMs);
  afterAll(() => rmSync(folder, { recursive: true }));
  return { folder };
}
