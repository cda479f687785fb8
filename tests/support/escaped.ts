/** JSON as badly escaped as it allows: `\u0041` for every code unit of every text and name. */
export function escaped(value: unknown): string {
  if (value instanceof Raw) return value.json;
  if (typeof value === "string") return `"${value.replace(/[\s\S]/g, unitOf)}"`;
  if (Array.isArray(value)) return `[${value.map(escaped).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return `{${fields.map(([name, inner]) => `${escaped(name)}:${escaped(inner)}`).join(",")}}`;
}

/** JSON that is written as it is. */
export class Raw {
  readonly json: string;

  constructor(json: string) {
    this.json = json;
  }
}

const unitOf = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** So many characters, of three bytes each. */
export const long = (characters: number): string => "漢".repeat(characters);

/** Free-form JSON of so many bytes. */
export const freeForm = (bytes: number): { text: string } => ({ text: "x".repeat(bytes - '{"text":""}'.length) });
