import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { root } from "../repository/source-tree.ts";
import { startServer } from "../support/server.ts";
import { testSecret } from "../support/tokens.ts";
import { within } from "../support/within.ts";

const guide = readFileSync(join(root, "docs/GUIDE.md"), "utf8");
const blocks = [...guide.matchAll(/^```(sh|js)\n(.*?)^```/gms)].map(([, language, code = ""]) => ({ language, code }));
/** The first block signs the tokens and defines the functions that the others use. */
const preparation = (blocks.shift()?.code ?? "").replace(/JWT_SECRET=.*/, `JWT_SECRET='${testSecret}'`);
const tokenLine = /^export (\w+=\$\(token .*)$/m;

let tokens: Record<string, string>;
beforeAll(() => {
  const names = [...(tokenLine.exec(preparation)?.[1] ?? "").matchAll(/(\w+)=\$\(/g)].map(([, name = ""]) => name);
  const script = `${preparation}\nprintenv ${names.join(" ")}`;
  const values = execFileSync("bash", ["-ec", script], { cwd: root, encoding: "utf8" }).trim().split("\n");
  tokens = Object.fromEntries(names.map((name, index) => [name, values[index] ?? ""]));
});

const running: number[] = [];
afterEach(() => {
  for (const pid of running.splice(0)) {
    try {
      process.kill(-pid, "SIGKILL"); // the shell and all that it has started
    } catch {
      // It has ended.
    }
  }
});

/**
 * Runs a block in a shell of its own and waits for what its comments say that it prints, or else for its end.
 * Resolves with what was missing; a block that goes on, such as an agent, does so until the test is over.
 */
async function missingFrom({ language, code }: (typeof blocks)[number], url: string): Promise<string | undefined> {
  const expected = [...code.matchAll(/\bprints: (.*)$/gm)].map(([, text = ""]) => text);
  const token = /TOKEN=\$(\w+) node/.exec(code)?.[1] ?? "";
  const command = language === "js" ? 'node --input-type=module --eval "$PROGRAM"' : code;
  const script = `${preparation.replace(tokenLine, "")}\n${command}`.replaceAll("http://localhost:8000", url);
  const PROGRAM = code.replaceAll("http://localhost:8000", url);
  const env = { PATH: process.env.PATH, SIGNALBOX_URL: url, ...tokens, TOKEN: tokens[token], PROGRAM };
  const child = spawn("bash", ["-ec", script], { cwd: root, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  if (child.pid !== undefined) running.push(child.pid);

  let output = "";
  const isComplete = () => expected.length > 0 && expected.every((text) => output.includes(text));
  const ended = new Promise<string | undefined>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        if (isComplete()) resolve(undefined);
      });
    }
    child.once("close", (exitCode) => {
      const isRight = expected.length === 0 ? exitCode === 0 : isComplete();
      resolve(isRight ? undefined : `${code}ended with ${exitCode} and printed ${output}`);
    });
  });
  return within(ended, () => `${expected.join(", ") || "the end"} of\n${code}${output}`);
}

describe("docs/GUIDE.md", () => {
  it("DOC-8 every example for the shell and in JavaScript does what the page says", async () => {
    const { url } = await startServer({ store: "memory" });

    const missing: (string | undefined)[] = [];
    for (const block of blocks) missing.push(await missingFrom(block, url));

    expect(blocks.length).toBeGreaterThan(10);
    expect(missing.filter((text) => text !== undefined)).toEqual([]);
  }, 180_000);
});
