import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "@jest/globals";
import { root } from "./source-tree.ts";

const project = mkdtempSync(join(tmpdir(), "signalbox-report-"));
afterEach(() => rmSync(project, { recursive: true, force: true }));

/** One test that passes, and one that needs a second try. */
const tests = `
let tries = 0;
jest.retryTimes(1);
it("passes", () => {});
it("needs two", () => expect(++tries).toBe(2));
`;
const entry = { file: "tests/a.test.js", test: "needs two", since: "2026-12-01", reason: "the network is slow" };

/** How a run of them ends. */
function run({ inCi, list }: { inCi: boolean; list?: unknown }) {
  mkdirSync(join(project, "tests"), { recursive: true });
  writeFileSync(join(project, "tests/a.test.js"), tests);
  if (list !== undefined) writeFileSync(join(project, "tests/second-tries.json"), JSON.stringify(list));
  const config = { rootDir: project, reporters: [join(root, "tests/support/closing-line-reporter.js")] };
  const jest = join(root, "node_modules/jest/bin/jest.js");
  const args = [jest, "-i", `--ci=${inCi}`, "--config", JSON.stringify(config)];
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: project, encoding: "utf8" });
  return { status, lines: stdout.trimEnd().split("\n") };
}

describe("the end of a run of the tests", () => {
  it("DOC-7 a pass at the second try counts as failed in CI, and the exit code is 1", () => {
    const { status, lines } = run({ inCi: true });

    expect(lines).toContain("FAILED: passed at the second try only: tests/a.test.js: needs two");
    expect(lines.at(-1)).toBe("1 passed, 1 failed");
    expect(status).toBe(1);
  });

  it("DOC-7 elsewhere a pass at the second try is named, and the exit code is 0", () => {
    const { status, lines } = run({ inCi: false });

    expect(lines).toContain("Passed at the second try only: tests/a.test.js: needs two");
    expect(lines.at(-1)).toBe("2 passed, 0 failed");
    expect(status).toBe(0);
  });

  it("DOC-7 a listed test may have a second try in CI too", () => {
    const { status, lines } = run({ inCi: true, list: [entry] });

    expect(lines).toContain("Passed at the second try only: tests/a.test.js: needs two");
    expect(lines.at(-1)).toBe("2 passed, 0 failed");
    expect(status).toBe(0);
  });

  it("DOC-7 entries without a day or a reason, or for tests that do not exist, are refused", () => {
    const wrong = [
      [{ ...entry, since: undefined }, "`since`"],
      [{ ...entry, since: "2026-13-01" }, "`since`"],
      [{ ...entry, since: "2999-01-01" }, "`since`"],
      [{ ...entry, reason: " " }, "`reason`"],
      [{ ...entry, test: "needs three" }, "no such test"],
      [{ ...entry, file: "tests/b.test.js" }, "no such test"],
    ] as const;

    const { status, lines } = run({ inCi: false, list: [entry, ...wrong.map(([bad]) => bad)] });

    const faults = lines.filter((line) => line.startsWith("tests/second-tries.json: "));
    expect(faults).toEqual(wrong.map(([, fault]) => expect.stringContaining(fault)));
    expect(lines.at(-1)).toBe("2 passed, 6 failed");
    expect(status).toBe(1);
  });
});
