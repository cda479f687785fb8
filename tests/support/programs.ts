import { execFile } from "node:child_process";
import { access, constants, open, readFile, rm } from "node:fs/promises";
import { platform, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

interface Program {
  /** The variable that names a path. */
  variable: string;
  /** What it is called on the PATH, the best first. */
  names: readonly string[];
  /** Where it may be beside the PATH. */
  places?: readonly string[];
  /** Packages of Debian and Ubuntu. */
  apt: readonly string[];
  /** Arguments of `brew install`. */
  brew: readonly string[];
  /** Arguments with which it shows that it has all that is needed. Default: `--version`. */
  proof?: readonly string[];
}

/** Programs that tests need and npm does not bring. */
const programs = {
  chromium: {
    variable: "CHROMIUM_PATH",
    names: ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    places: [
      "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
      "/Applications/Chromium.app/Contents/MacOS/Chromium",
    ],
    apt: ["chromium"],
    brew: ["--cask", "google-chrome"],
  },
  "redis-server": {
    variable: "REDIS_SERVER_PATH",
    names: ["redis-server", "valkey-server"],
    apt: ["redis-server"],
    brew: ["redis"],
  },
  nginx: {
    variable: "NGINX_PATH",
    names: ["nginx"],
    // Debian has it where not everybody looks.
    places: ["/usr/sbin/nginx"],
    apt: ["nginx-light"],
    brew: ["nginx"],
    proof: ["-v"],
  },
  haproxy: {
    variable: "HAPROXY_PATH",
    names: ["haproxy"],
    places: ["/usr/sbin/haproxy"],
    apt: ["haproxy"],
    brew: ["haproxy"],
    proof: ["-v"],
  },
  caddy: {
    variable: "CADDY_PATH",
    names: ["caddy"],
    apt: ["caddy"],
    brew: ["caddy"],
    proof: ["version"],
  },
  apache: {
    variable: "APACHE_PATH",
    names: ["apache2", "httpd"],
    places: ["/usr/sbin/apache2"],
    apt: ["apache2"],
    brew: ["httpd"],
    proof: ["-v"],
  },
  faketime: {
    variable: "FAKETIME_PATH",
    names: ["faketime"],
    apt: ["faketime"],
    brew: ["libfaketime"],
  },
  python3: {
    variable: "PYTHON_PATH",
    names: ["python3"],
    places: ["/usr/bin/python3"],
    apt: ["python3", "python3-socketio", "python3-websocket", "python3-requests"],
    brew: ["python"],
    proof: ["-c", "import socketio, websocket, requests"],
  },
} as const satisfies Record<string, Program>;

type ProgramName = keyof typeof programs;

const run = promisify(execFile);
const found = new Map<ProgramName, Promise<string>>();

/** How long a test file that needs a program has to allow for its installation. */
export const installationMs = 600_000;

/** The path of a program: as the environment says, or from the PATH, or newly installed. Rejects with what is to be done. */
export function findProgram(name: ProgramName): Promise<string> {
  const path = found.get(name) ?? find(name, programs[name]);
  found.set(name, path);
  return path;
}

async function find(name: ProgramName, program: Program): Promise<string> {
  const given = process.env[program.variable];
  if (given) {
    if (await starts(given, program)) return given;
    throw new Error(`${program.variable} is ${given}, which does not start. It must be the path of ${name}.`);
  }
  return (await lookUp(program)) ?? (await inTurn(name, () => installed(name, program)));
}

async function installed(name: ProgramName, program: Program): Promise<string> {
  // Another worker may have installed it while this one waited for its turn.
  const before = await lookUp(program);
  if (before) return before;
  const failure = await install(name, program);
  const after = await lookUp(program);
  if (after) return after;
  throw new Error(
    `These tests need ${name}, which is neither on the PATH (${program.names.join(", ")}) nor could be installed: ${failure}.\n` +
      `Set ${program.variable} to its path, or install it:\n` +
      `  Debian, Ubuntu: apt-get install ${program.apt.join(" ")}\n` +
      `  macOS: brew install ${program.brew.join(" ")}`,
  );
}

async function lookUp(program: Pick<Program, "names" | "places" | "proof">): Promise<string | undefined> {
  const { names, places = [] } = program;
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const candidates = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  for (const path of [...candidates, ...places]) if (await starts(path, program)) return path;
  return undefined;
}

/** Being there is not enough: Ubuntu has a `chromium-browser` that only tells to install another one. */
async function starts(path: string, { proof = ["--version"] }: Pick<Program, "proof">): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    await run(path, [...proof], { timeout: 30_000 });
    return true;
  } catch {
    return false;
  }
}

/** Tries to, and says why not. */
async function install(name: ProgramName, program: Program): Promise<string> {
  const [update, ...commands] = await installation(program);
  if (!update) return "there is no package manager here that these tests know how to use";
  let failure = "the installation went through, but brought nothing that starts";
  for (const [command, ...args] of [update, ...commands]) {
    console.log(`${name} is missing. Installing it: ${command} ${args.join(" ")}`);
    try {
      await run(command, args, { timeout: installationMs / 2, maxBuffer: 64 * 1_048_576 });
    } catch (error) {
      failure = `${command} ${args.join(" ")} failed: ${lastLine(error)}`;
    }
  }
  return failure;
}

type Command = [program: string, ...args: string[]];

async function installation(program: Program): Promise<Command[]> {
  if (platform() === "darwin") return (await hasCommand("brew")) ? [["brew", "install", ...program.brew]] : [];
  if (!(await hasCommand("apt-get"))) return [];
  const aptGet: Command = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-y", "-o", "DPkg::Lock::Timeout=300"];
  if (process.getuid?.() !== 0) {
    if (!(await hasCommand("sudo"))) return [];
    // It does not ask for a password, but fails.
    aptGet.unshift("sudo", "-n");
  }
  return [
    [...aptGet, "update"],
    [...aptGet, "install", "--no-install-recommends", ...program.apt],
  ];
}

const hasCommand = async (command: string) => (await lookUp({ names: [command] })) !== undefined;

function lastLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  return (stderr || message).trim().split("\n").at(-1) ?? message;
}

/** Test files run in several processes, and only one of them may install. */
async function inTurn<T>(name: string, action: () => Promise<T>): Promise<T> {
  const lock = join(tmpdir(), `signalbox-install-${name}.lock`);
  await takeLock(lock);
  try {
    return await action();
  } finally {
    await rm(lock, { force: true });
  }
}

async function takeLock(lock: string): Promise<void> {
  for (const giveUpAt = Date.now() + installationMs; ; await pause(250)) {
    try {
      const file = await open(lock, "wx");
      await file.writeFile(String(process.pid));
      await file.close();
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    if (await isAbandoned(lock)) await rm(lock, { force: true });
    if (Date.now() > giveUpAt) throw new Error(`${lock} is held by another process. Remove it if there is none.`);
  }
}

async function isAbandoned(lock: string): Promise<boolean> {
  const pid = Number(await readFile(lock, "utf8").catch(() => ""));
  if (!pid) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
