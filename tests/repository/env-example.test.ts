import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { type Config, loadConfig, variables } from "../../server/compose/config.ts";
import { root } from "./source-tree.ts";

interface Setting {
  name: string;
  value: string;
  /** The lines right above it, as one. */
  comment: string;
}

/** `# NAME=value`, under the comment that explains it. */
function readSettings(text: string): Setting[] {
  const settings: Setting[] = [];
  let comment: string[] = [];
  for (const line of text.split("\n")) {
    const [, name, value] = /^# ([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) settings.push({ name, value, comment: comment.join(" ") });
    comment = name === undefined && line.startsWith("# ") ? [...comment, line.slice(2)] : [];
  }
  return settings;
}

const text = readFileSync(join(root, ".env.example"), "utf8");
const settings = readSettings(text);
const defaults = loadConfig({});

function asWritten(value: Config[keyof Config]): string {
  return Array.isArray(value) ? value.join(",") : String(value ?? "");
}

describe(".env.example", () => {
  it("DOC-2 lists every setting once, and no other", () => {
    const names = settings.map(({ name }) => name);

    expect(names.toSorted()).toEqual(variables.toSorted());
  });

  it("DOC-2 is nothing but comments", () => {
    const inForce = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));

    expect(inForce).toEqual([]);
  });

  it.each(variables)("DOC-2 shows and explains the default of %s", (name) => {
    const setting = settings.find((other) => other.name === name);
    const value = asWritten(defaults[name]);

    expect(setting?.value).toBe(value);
    expect(setting?.comment).toMatch(/^[^.]{10,}.* Default: /);
    expect(/ Default: ([^\s]*[^\s,])/.exec(setting?.comment ?? "")?.[1]).toBe(value === "" ? "none" : value);
  });

  it("DOC-2 changes nothing when its lines are put in force as they are", () => {
    const environment = Object.fromEntries(settings.map(({ name, value }) => [name, value]));

    const config = loadConfig(environment);

    expect(config).toEqual(defaults);
  });
});
