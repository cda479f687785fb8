import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const built = join(root, "dist/dashboard/index.html");
const sources = ["dashboard", "client-sdk", "shared"];

/**
 * Builds the dashboard if its sources are newer than the last build. Otherwise it changes nothing, since a running
 * server may be serving the files.
 */
async function buildDashboard(logLevel = "error") {
  const builtAt = statSync(built, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (sources.flatMap(filesIn).every((file) => statSync(file).mtimeMs <= builtAt)) return;
  // With any other value, such as Jest's `test`, React's development build would be bundled.
  process.env.NODE_ENV = "production";
  const { build } = await import("vite");
  await build({ root: join(root, "dashboard"), configFile: join(root, "dashboard/vite.config.ts"), logLevel });
}

const ignored = /(?:^|[\\/])(?:node_modules|dist|python|__pycache__)(?:[\\/]|$)/;

function filesIn(folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !ignored.test(entry.parentPath.slice(root.length)))
    .map((entry) => join(entry.parentPath, entry.name));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await buildDashboard("info");
