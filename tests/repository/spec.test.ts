import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { root, sourceFiles, testTitlesOf } from "./source-tree.ts";

/** `- **CHAT-1** Every member receives a message once.` */
const rules = [...readFileSync(join(root, "docs/SPEC.md"), "utf8").matchAll(/^- \*\*([A-Z]+-\d+)\*\* \S/gm)].map(
  ([, id]) => String(id),
);

const tested = sourceFiles("tests")
  .filter((file) => file.endsWith(".test.ts"))
  .flatMap((file) => testTitlesOf(file).map((title) => ({ file, title, id: /^[A-Z]+-\d+\b/.exec(title)?.[0] })));

describe("docs/SPEC.md", () => {
  it("DOC-4 every rule has an id of its own", () => {
    const twice = rules.filter((id, index) => rules.indexOf(id) !== index);

    expect(rules).not.toEqual([]);
    expect(twice).toEqual([]);
  });

  it("DOC-4 every rule has a test", () => {
    const ids = new Set(tested.map(({ id }) => id));

    const untested = rules.filter((id) => !ids.has(id));

    expect(untested).toEqual([]);
  });

  it("DOC-4 every id in a test title is a rule", () => {
    const lawless = tested.filter(({ id }) => id !== undefined && !rules.includes(id));

    expect(lawless).toEqual([]);
  });
});
