import { describe, expect, it } from "@jest/globals";
import { type Config, loadConfig, variables } from "../../server/compose/config.ts";
import { envExample, readSettings } from "./env-settings.ts";

const settings = readSettings(envExample);
const defaults = loadConfig({});

function asWritten(value: Config[keyof Config]): string {
  return Array.isArray(value) ? value.join(",") : String(value ?? "");
}

describe(".env.example", () => {
  it("DOC-2 it lists every setting once, and no other", () => {
    const names = settings.map(({ name }) => name);

    expect(names.toSorted()).toEqual(variables.toSorted());
  });

  it("DOC-2 it consists of comments only", () => {
    const inForce = envExample.split("\n").filter((line) => line !== "" && !line.startsWith("#"));

    expect(inForce).toEqual([]);
  });

  it.each(variables)("DOC-2 it shows and explains the default of %s", (name) => {
    const setting = settings.find((other) => other.name === name);
    const value = asWritten(defaults[name]);

    expect(setting?.value).toBe(value);
    expect(setting?.meaning).toMatch(/^[^.]{10,}/);
    expect(/^[^\s]*[^\s,]/.exec(setting?.defaultText ?? "")?.[0]).toBe(value === "" ? "none" : value);
  });

  it("DOC-2 uncommenting all lines changes nothing", () => {
    const environment = Object.fromEntries(settings.map(({ name, value }) => [name, value]));

    const config = loadConfig(environment);

    expect(config).toEqual(defaults);
  });
});
