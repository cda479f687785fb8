import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "../repository/source-tree.ts";

const compiler = join(root, "node_modules/typescript/bin/tsc");

/** Where examples of the package are. */
const pages = ["client-sdk/README.md", "README.md", "docs/GUIDE.md"];

/** An example of one of the pages. */
interface Example {
  name: string;
  code: string;
  /** It is of a page: React, elements, or what only browsers have. */
  isOfPage: boolean;
}

/** Everything between the fences, in its order. */
export function readmeExamples(): Example[] {
  const text = pages.map((page) => readFileSync(join(root, page), "utf8")).join("\n");
  return [...text.matchAll(/^```(tsx?)\n(.*?)^```/gms)].map(([, extension, code = ""], index) => ({
    name: `example-${index}.${extension}`,
    code,
    isOfPage: extension === "tsx" || /document\.|fetch\(|client\/(session|element)/.test(code),
  }));
}

/** A project of somebody who has installed the package, far from ours: what it does not bring along is not there. */
export class PackedSdk {
  readonly folder = mkdtempSync(join(tmpdir(), "signalbox-package-"));

  /** `installed`: packages that the project has beside ours and what ours depends on. */
  constructor(...installed: string[]) {
    const packages = join(root, "dist/client-package");
    const [tarball = ""] = readdirSync(packages);
    const unpacked = join(this.folder, "node_modules/@signalbox/client");
    mkdirSync(unpacked, { recursive: true });
    execFileSync("tar", ["-xzf", join(packages, tarball), "-C", unpacked, "--strip-components", "1"]);
    const { dependencies } = JSON.parse(readFileSync(join(unpacked, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    for (const name of [...Object.keys(dependencies), ...installed]) this.#link(name);
    this.write("package.json", '{ "type": "module" }');
  }

  write(file: string, text: string): void {
    mkdirSync(dirname(join(this.folder, file)), { recursive: true });
    writeFileSync(join(this.folder, file), text);
  }

  read(file: string): string {
    return readFileSync(join(this.folder, file), "utf8");
  }

  /** What the compiler finds wrong with a folder of it; the libraries' own declarations are checked too. */
  compile(folder: string, options: Record<string, unknown>): string {
    const strict = { strict: true, exactOptionalPropertyTypes: true, target: "es2022", outDir: "out", rootDir: "." };
    const compilerOptions = { ...strict, ...options };
    this.write(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions, include: ["."], exclude: ["out"] }));
    return spawnSync(process.execPath, [compiler, "-p", join(this.folder, folder)], { encoding: "utf8" }).stdout;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** As npm would install it, without its being copied. */
  #link(name: string): void {
    const path = join(this.folder, "node_modules", name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(join(root, "node_modules", name), path);
  }
}
