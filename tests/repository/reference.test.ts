import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { root } from "./source-tree.ts";

describe("the reference of the client package", () => {
  it("SDK-28 it explains every export of the package, and has no broken references", () => {
    const program = join(root, "docs/reference/node_modules/typedoc/bin/typedoc");

    const { stdout, stderr, status } = spawnSync(process.execPath, [program, "--emit", "none", "--pretty", "false"], {
      cwd: join(root, "docs/reference"),
      encoding: "utf8",
    });

    expect(stdout + stderr).not.toMatch(/\[(warning|error)\]/);
    expect(status).toBe(0);
  }, 300_000);
});
