import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "@jest/globals";
import { minifySync } from "@swc/core";
import { importsOf, root } from "../repository/source-tree.ts";

const entries = { core: "client-sdk/index.ts" } as const;

/** What comes along with an entry when it is imported: its files, and the packages that those need. */
function closureOf(entry: string): { files: string[]; packages: string[] } {
  const files = new Set([entry]);
  const packages = new Set<string>();
  for (const file of files) {
    for (const { to, typeOnly, lazy } of importsOf(file)) {
      if (typeOnly || lazy) continue;
      if (to.endsWith(".ts")) files.add(to);
      else packages.add(to);
    }
  }
  return { files: [...files], packages: [...packages] };
}

const built = (file: string) => readFileSync(join(root, "client-sdk/dist", file.replace(/\.ts$/, ".js")), "utf8");

const kibibytes = (text: string | Buffer) => gzipSync(text, { level: 9 }).length / 1_024;

describe("the package", () => {
  it("SDK-18 its only dependency at run time is socket.io-client", () => {
    const { packages } = closureOf(entries.core);

    expect(packages).toEqual(["socket.io-client"]);
  });

  it("SDK-18 with socket.io-client it is below 25 KiB, minified and compressed", () => {
    const { files } = closureOf(entries.core);
    const socketIo = readFileSync(join(root, "node_modules/socket.io-client/dist/socket.io.esm.min.js"));

    // A bundler, which joins the modules into one, gets below this.
    const core = files.map((file) => minifySync(built(file), { module: true, mangle: true, compress: true }).code);
    const size = kibibytes(Buffer.concat([Buffer.from(core.join("\n")), socketIo]));

    expect(files.length).toBeGreaterThan(25);
    expect(size).toBeLessThan(25);
  });
});
