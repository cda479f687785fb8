import { execFileSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const sources = ["dashboard", "client-sdk", "shared"];

/** Once before all tests: the server shows the dashboard as it was built, so it is built where its sources are newer. */
export default function buildDashboard() {
  const builtAt = statSync(join(root, "dist/dashboard/index.html"), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const isOld = sources.flatMap(filesIn).some((file) => statSync(file).mtimeMs > builtAt);
  if (isOld)
    execFileSync("npx", ["vite", "build", "dashboard", "--logLevel", "error"], {
      cwd: root,
      stdio: "inherit",
      // What people get: tests run in an environment in which React would be built for its developers.
      env: { ...process.env, NODE_ENV: "production" },
    });
}

function filesIn(folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter(
      (entry) =>
        entry.isFile() && !/node_modules|[\\/]dist(?:[\\/]|$)|python/.test(entry.parentPath.slice(root.length)),
    )
    .map((entry) => join(entry.parentPath, entry.name));
}
