import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll } from "@jest/globals";
import { Inbox } from "./inbox.ts";
import { findProgram, installationMs } from "./programs.ts";

let python: string;
beforeAll(async () => {
  python = await findProgram("python3");
}, installationMs);

const running: ChildProcess[] = [];
afterEach(() => {
  for (const process of running.splice(0)) process.kill("SIGKILL");
});

/** Runs a script of `tests/support/python`, until the test is over. Each line of JSON that it prints is heard as `line`. */
export function runPython(script: string, ...args: string[]): Inbox {
  const inbox = new Inbox();
  const path = fileURLToPath(new URL(`python/${script}`, import.meta.url));
  const child = spawn(python, [path, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  running.push(child);
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (text + chunk).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) inbox.put("line", JSON.parse(line));
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => inbox.put(`error ${chunk}`, undefined));
  return inbox;
}
