import { readFileSync } from "node:fs";

/** A page of the documentation, taken apart. */
export interface Document {
  text: string;
  /** What stands under a heading such as `## 5. Events` or `### 5.1 Rooms`, up to the next heading. */
  section(number: string): string;
}

export function readDocument(url: URL): Document {
  const text = readFileSync(url, "utf8");
  const sections = new Map<string, string>();
  for (const part of text.split(/^(?=#{2,3} )/m)) {
    const number = /^#{2,3} (\d+(?:\.\d+)?)/.exec(part)?.[1];
    if (number !== undefined) sections.set(number, part);
  }
  return {
    text,
    section(number) {
      const section = sections.get(number);
      if (section === undefined) throw new Error(`There is no section ${number}.`);
      return section;
    },
  };
}

/** The rows of the one table whose header begins with these cells. */
export function tableRows(section: string, ...header: string[]): string[][] {
  const lines = section.split("\n");
  const start = lines.findIndex((line) => header.every((title, index) => cellsOf(line)[index] === title));
  if (start < 0) throw new Error(`There is no table | ${header.join(" | ")} |.`);
  const rest = lines.slice(start + 2);
  const end = rest.findIndex((line) => !line.startsWith("|"));
  return rest.slice(0, end < 0 ? undefined : end).map(cellsOf);
}

/** Within a cell, a bar is written `\|`. */
function cellsOf(line: string): string[] {
  if (!line.startsWith("|")) return [];
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));
}

/** What stands between backticks. */
export function codeSpans(text: string): string[] {
  const withoutBlocks = text.replace(/```[\s\S]*?```/g, "");
  return [...withoutBlocks.matchAll(/`([^`]+)`/g)].map(([, code]) => String(code));
}

/** The one match of a pattern; its first group. */
export function only(text: string, pattern: RegExp): string {
  const found = [...text.matchAll(new RegExp(pattern, `${pattern.flags}g`))];
  if (found.length !== 1) throw new Error(`${pattern} matches ${found.length} times, and should once.`);
  return String(found[0]?.[1]);
}

/** `65 536`, `1 MiB`. */
export function numberIn(text: string): number {
  const [, digits, unit] = /^(\d+(?: \d{3})*)( MiB)?/.exec(text) ?? [];
  if (digits === undefined) throw new Error(`${text} does not begin with a number.`);
  return Number(digits.replaceAll(" ", "")) * (unit ? 1_048_576 : 1);
}

/** A field as the page describes it: `name`, `name?`, `name: type`. */
export interface DescribedField {
  name: string;
  optional: boolean;
  /** As it is written, if it is. */
  type: string | undefined;
}

/** `a, b?, c: x | y, d: { e }`; and `a | b`, of which one is given. Braces around all of it do not matter. */
export function describedFields(text: string): DescribedField[] {
  const inner = text.trim().replace(/^\{([\s\S]*)\}$/, "$1");
  return splitOutside(inner, ",").flatMap((field) => {
    const colon = splitOutside(field, ":");
    const alternatives = splitOutside(colon[0] ?? "", "|");
    const type = colon.length > 1 ? colon.slice(1).join(":").trim() : undefined;
    return alternatives.map((written) => {
      const [, name = written, mark = ""] = /^"?([\w.]+)"?(\??)$/.exec(written) ?? [];
      return { name, optional: mark === "?" || alternatives.length > 1, type };
    });
  });
}

/** The parts between separators that are not inside brackets or quotes. */
export function splitOutside(text: string, separator: string): string[] {
  const parts: string[] = [""];
  let depth = 0;
  let quoted = false;
  for (const character of text) {
    if (character === '"' || character === "`") quoted = !quoted;
    else if (!quoted && "[{(<".includes(character)) depth++;
    else if (!quoted && "]})>".includes(character)) depth--;
    if (character === separator && depth === 0 && !quoted) parts.push("");
    else parts[parts.length - 1] += character;
  }
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}
