import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync } from "@swc/core";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** The TypeScript files under a folder of the project, as paths from its root. */
export function sourceFiles(folder: string): string[] {
  return (
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
      .map((entry) => relative(root, join(entry.parentPath, entry.name)))
      // Of a package that has been built.
      .filter((file) => !file.split("/").includes("dist") && !file.includes("node_modules"))
      .sort()
  );
}

export interface Import {
  from: string;
  /** A path from the project's root for a file of the project, else the name of the package. */
  to: string;
  /** Gone when the program runs. */
  typeOnly: boolean;
  /** Loaded when it is needed: `import("x")`. */
  lazy: boolean;
}

export function importsOf(file: string): Import[] {
  const found: Import[] = [];
  for (const node of nodesOf(file)) {
    const specifier = specifierOf(node);
    if (specifier === undefined) continue;
    const to = specifier.startsWith(".")
      ? relative(root, resolve(root, dirname(file), specifier))
      : packageOf(specifier);
    found.push({ from: file, to, typeOnly: node.typeOnly === true, lazy: node.type === "CallExpression" });
  }
  return found;
}

/** The titles of the tests in a file, those of `it.each(…)` too, with `…` for what is put in later. */
export function testTitlesOf(file: string): string[] {
  const titles: string[] = [];
  for (const { type, callee, arguments: args } of nodesOf(file)) {
    if (type !== "CallExpression" || !Array.isArray(args) || !isTestFunction(callee)) continue;
    const title = textOf((args[0] as { expression?: unknown } | undefined)?.expression);
    if (title !== undefined) titles.push(title);
  }
  return titles;
}

type Node = Record<string, unknown>;

function nodesOf(file: string): Node[] {
  const nodes: Node[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const inner of value) visit(inner);
    else if (isNode(value)) {
      nodes.push(value);
      for (const inner of Object.values(value)) visit(inner);
    }
  };
  visit(
    parseSync(readFileSync(join(root, file), "utf8"), {
      syntax: "typescript",
      tsx: file.endsWith("x"),
      target: "es2022",
    }),
  );
  return nodes;
}

const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null;

/** `import … from "x"`, `export … from "x"`, `import("x")`. */
function specifierOf(node: Node): string | undefined {
  const { type, source, callee, arguments: args } = node;
  if (type === "ImportDeclaration" || type === "ExportAllDeclaration" || type === "ExportNamedDeclaration")
    return textOf(source);
  if (type !== "CallExpression" || !isNode(callee) || callee.type !== "Import" || !Array.isArray(args))
    return undefined;
  return textOf((args[0] as { expression?: unknown } | undefined)?.expression);
}

function packageOf(specifier: string): string {
  if (specifier.startsWith("node:")) return specifier;
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

/** `it`, `test`, `it.only`, `it.each(…)`, `it.each…` */
function isTestFunction(callee: unknown): boolean {
  if (!isNode(callee)) return false;
  if (callee.type === "Identifier") return callee.value === "it" || callee.value === "test";
  return isTestFunction(callee.object ?? callee.callee ?? callee.tag);
}

function textOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === "StringLiteral") return String(node.value);
  if (node.type !== "TemplateLiteral" || !Array.isArray(node.quasis)) return undefined;
  return node.quasis.map((quasi: Node) => String(quasi.cooked)).join("…");
}
