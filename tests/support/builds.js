import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);

const node = (...args) => run(process.execPath, args, { cwd: root });
const compile = (project) => node("node_modules/typescript/bin/tsc", "-p", project);
const remove = (folder) => rmSync(join(root, folder), { recursive: true, force: true });

/** What tests use as it is shipped, and what it is made from. */
const program = {
  output: "dist/server",
  sources: ["server", "shared", "tsconfig.json", "tsconfig.build.json"],
  make: () => compile("tsconfig.build.json"),
};
const client = {
  output: "client-sdk/dist",
  sources: ["client-sdk", "shared", "tsconfig.json"],
  async make() {
    remove("client-sdk/dist");
    await compile("client-sdk/tsconfig.build.json");
  },
};
/** The client as npm would publish it. */
const clientPackage = {
  output: "dist/client-package",
  sources: client.sources,
  async make() {
    remove("dist/client-package");
    mkdirSync(join(root, "dist/client-package"), { recursive: true });
    const args = ["pack", "--ignore-scripts", "--silent", "--pack-destination", join(root, "dist/client-package")];
    await run("npm", args, { cwd: join(root, "client-sdk") });
  },
};
const demo = {
  output: "dist/demo",
  sources: ["demo", ...client.sources],
  make: () => compile("demo/tsconfig.json"),
};

/** Makes all of it, where it is not newer than its sources. */
export async function buildAll() {
  const ofClient = async () => {
    await bringUpToDate(client);
    await Promise.all([bringUpToDate(clientPackage), bringUpToDate(demo)]);
  };
  // Each in a process of its own: building the dashboard sets NODE_ENV, which is not for tests.
  await Promise.all([bringUpToDate(program), node("dashboard/build.js"), ofClient()]);
}

/** Files whose time is that of the sources which something was made from. */
const stamps = join(root, "dist/.built");

async function bringUpToDate({ output, sources, make }) {
  const stamp = join(stamps, output.replaceAll("/", "-"));
  const begunAt = new Date();
  const madeAt = existsSync(join(root, output)) ? changedAt(stamp) : 0;
  if (sources.flatMap(filesOf).every((file) => changedAt(file) < madeAt)) return;
  await make().catch((error) => {
    throw new Error(`${output} cannot be built:\n${error.stdout}${error.stderr}`, { cause: error });
  });
  mkdirSync(stamps, { recursive: true });
  writeFileSync(stamp, "");
  utimesSync(stamp, begunAt, begunAt);
}

const changedAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

const madeFolders = /(?:^|[\\/])(?:node_modules|dist|__pycache__)(?:[\\/]|$)/;

function filesOf(source) {
  const path = join(root, source);
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !madeFolders.test(entry.parentPath.slice(root.length)))
    .map((entry) => join(entry.parentPath, entry.name));
}
