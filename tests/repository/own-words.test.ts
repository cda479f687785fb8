import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { root } from "./source-tree.ts";

/** What no file may say, and why. The brackets keep a pattern from matching itself. */
const forbidden = {
  "the path of some machine": /(?<![\w.-])\/(?:work|root)(?![\w-])/,
  "a note of something unfinished": /\b(?:TO[D]O|FIX[M]E|XX[X])\b/,
  "a document outside the project": /\bdesign[ ]pages?\b/i,
};

/** Written by a program, from addresses and checksums. */
const generated = new Set(["package-lock.json"]);

/** Pictures say nothing in words; what looks like some is chance. */
const isPicture = (file: string) => file.endsWith(".png");

/** Everything that is in the repository or about to be: tracked, or neither tracked nor ignored. */
function projectFiles(): string[] {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root });
  return listed
    .toString()
    .split("\0")
    .filter((file) => file !== "" && !generated.has(file) && !isPicture(file) && existsSync(join(root, file)))
    .filter((file) => statSync(join(root, file)).isFile());
}

function faultsIn(text: string): string[] {
  return text.split("\n").flatMap((line, index) =>
    Object.entries(forbidden)
      .filter(([, pattern]) => pattern.test(line))
      .map(([what]) => `${index + 1}: ${what}`),
  );
}

describe("the project", () => {
  it("DOC-5 speaks of itself alone", () => {
    const files = projectFiles();

    const faults = files.flatMap((file) =>
      faultsIn(readFileSync(join(root, file), "utf8")).map((fault) => `${file}:${fault}`),
    );

    expect(files).toContain("package.json");
    expect(faults).toEqual([]);
  });

  it.each([
    ["/ro", "ot/.ssh"],
    ["see /wo", "rk/main/server"],
    ["// TO", "DO: later"],
    ["FIX", "ME"],
    ["the design", " page says"],
  ])("DOC-5 finds what must not be said: %s…", (beginning, end) => {
    const faults = faultsIn(beginning + end);

    expect(faults).toHaveLength(1);
  });

  it.each(["/api/network/status", "https://example.com/framework/root.json", "./root/x", "what remains to do"])(
    "DOC-5 lets pass what only looks like it: %s",
    (text) => {
      const faults = faultsIn(text);

      expect(faults).toEqual([]);
    },
  );
});
