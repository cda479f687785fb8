import { nextStatuses } from "../../server/tasks/task-status.ts";
import { protocolRegions } from "../../shared/documents/markdown/regions.ts";
import { code, codes, table } from "../../shared/documents/markdown/table.ts";
import { type EnvSetting, envExample, readSettings } from "../repository/env-settings.ts";

/** Every table of docs/PROTOCOL.md that is written from something else, by the name of its region. */
export function pageRegions(): Record<string, string> {
  const settings = readSettings(envExample);
  const isLimit = ({ name }: EnvSetting) => name.startsWith("LIMIT_");
  return {
    ...protocolRegions(),
    "task statuses": table(
      ["status", "may become"],
      Object.entries(nextStatuses).map(([status, next]) => [code(status), codes(next)]),
    ),
    limits: settingTable("limit", settings.filter(isLimit)),
    settings: settingTable(
      "setting",
      settings.filter((setting) => !isLimit(setting)),
    ),
  };
}

function settingTable(title: string, settings: readonly EnvSetting[]): string {
  return table(
    [title, "default", "meaning"],
    settings.map(({ name, defaultText, meaning }) => [
      code(name),
      defaultText.replace(/^[^ ,]+(?=$| \()/, (value) => (value === "none" ? "–" : code(value))),
      meaning.replaceAll(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g, code),
    ]),
  );
}

const region = /^<!-- generated: (.*) -->\n[\s\S]*?^<!-- end -->$/gm;

/** The names of a page's regions, in their order. */
export const regionsOf = (page: string): string[] => [...page.matchAll(region)].map(([, name]) => String(name));

/** The page with the text of its regions put in anew; a region of another name stays. */
export function withRegions(page: string, texts: Record<string, string>): string {
  return page.replace(region, (whole, name: string) => {
    const text = texts[name];
    return text === undefined ? whole : `<!-- generated: ${name} -->\n${text}\n<!-- end -->`;
  });
}

export const withoutRegions = (page: string): string => page.replace(region, "");
