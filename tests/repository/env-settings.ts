import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./source-tree.ts";

/** A setting as `.env.example` explains it. */
export interface EnvSetting {
  name: string;
  /** After the `=`. */
  value: string;
  /** The comment above it, without its last part: what the setting does. */
  meaning: string;
  /** The last part, after `Default: `. */
  defaultText: string;
}

export const envExample = readFileSync(join(root, ".env.example"), "utf8");

/** `# NAME=value`, under the comment that explains it and ends with `Default: …`. */
export function readSettings(text: string): EnvSetting[] {
  const settings: EnvSetting[] = [];
  let comment: string[] = [];
  for (const line of text.split("\n")) {
    const [, name, value] = /^# ([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) {
      const [meaning = "", defaultText = ""] = comment.join(" ").split(" Default: ");
      settings.push({ name, value, meaning, defaultText });
    }
    comment = name === undefined && line.startsWith("# ") ? [...comment, line.slice(2)] : [];
  }
  return settings;
}
