import type { z } from "zod";

/** The schema, in which one of the named fields must be given, and only one. */
export function exactlyOneOf<Schema extends z.ZodObject>(
  schema: Schema,
  ...names: (keyof Schema["shape"] & string)[]
): Schema {
  const isOne = (value: Record<string, unknown>) => names.filter((name) => value[name] !== undefined).length === 1;
  const quoted = names.map((name) => `\`${name}\``);
  return schema
    .refine(isOne, `needs exactly one of ${listed(names)}`)
    .describe(`Exactly one of ${listed(quoted)} is given.`);
}

const listed = (names: readonly string[]) => `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
