import fc, { type Arbitrary } from "fast-check";
import { z } from "zod";
import { type CommandSpace, commands } from "../../shared/commands/catalogue.ts";
import type { Namespace } from "../../shared/namespace.ts";

/** As much of JSON Schema as the contract's has. */
const Schema = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
  allOf: z.array(z.unknown()).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  items: z.unknown().optional(),
});

/** Where programs have been taken in by text: ends of lines, of strings and of paths, names that mean something. */
const nastyTexts = [
  "",
  " ",
  "\0",
  "a\r\nSet-Cookie: x=y",
  "\u2028\u2029\u0085\u009b31m",
  "\ud800",
  "\ufeff",
  "\u202egnp.exe",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "../../etc/passwd",
  "%2e%2e%2f",
  "*",
  "conversation:*",
  "user:*",
  "{{7*7}}",
  "'; DROP TABLE x; --",
  "<script>alert(1)</script>",
  "EVAL 'return 1' 0\r\n",
  "NaN",
  "1e999",
  "x".repeat(200),
  "x".repeat(20_000),
  "😀".repeat(100),
  "(a+)+$",
];

const nastyNumbers = [0, -0, -1, 1.5, 1e308, 5e-324, 2 ** 31, 2 ** 53, -(2 ** 53), Number.MAX_SAFE_INTEGER];

/** Anything that JSON can say. */
export const weird: Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, [], {}, [[]], [null], { length: -1 }, { toString: null }),
  fc.constantFrom(...nastyTexts),
  fc.constantFrom(...nastyNumbers),
  fc.string({ unit: "binary" }),
  fc.jsonValue({ maxDepth: 4 }),
  fc.constant(JSON.parse('{"then":1,"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}}')),
);

/** Values that a schema takes, nearly: now and then something weird stands in their place. */
function nearly(schema: unknown, ids: readonly string[]): Arbitrary<unknown> {
  return fc.oneof({ arbitrary: fitting(schema, ids), weight: 12 }, { arbitrary: weird, weight: 1 });
}

function fitting(given: unknown, ids: readonly string[]): Arbitrary<unknown> {
  const schema = Schema.safeParse(given).data;
  if (!schema) return weird;
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (choices && choices.length > 0) return fc.oneof(...choices.map((choice) => nearly(choice, ids)));
  if (schema.enum && schema.enum.length > 0) return fc.constantFrom(...schema.enum);
  if (schema.const !== undefined) return fc.constant(schema.const);
  switch ([schema.type].flat()[0]) {
    case "object":
      return objects(schema.properties ?? {}, ids);
    case "array":
      return fc.array(nearly(schema.items, ids), { maxLength: 5 });
    case "string":
      return fc.oneof(fc.constantFrom(...ids), fc.string(), fc.constantFrom(...nastyTexts));
    case "integer":
    case "number":
      return fc.oneof(fc.integer({ min: 0, max: 50 }), fc.constantFrom(...nastyNumbers));
    case "boolean":
      return fc.boolean();
    default:
      return weird;
  }
}

/** Most of the fields, and at times one that nobody asked for. */
function objects(properties: Record<string, unknown>, ids: readonly string[]): Arbitrary<unknown> {
  const fields = Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, nearly(schema, ids)]));
  const extra = fc.dictionary(fc.constantFrom("more", "__proto__", "constructor", "then"), weird, { maxKeys: 1 });
  const all = fc.record(fields, { requiredKeys: [] });
  return fc.oneof(
    { arbitrary: fc.record(fields), weight: 6 },
    { arbitrary: all, weight: 3 },
    { arbitrary: extra, weight: 1 },
  );
}

interface CommandCase {
  name: string;
  payload: unknown;
}

/** Commands of a namespace, and a few that are none. */
export function commandCases(space: CommandSpace & Namespace, ids: readonly string[]): Arbitrary<CommandCase> {
  const known = Object.values(commands[space]).map(({ name, payload }) =>
    fc.record({
      name: fc.constant(name),
      payload: nearly(z.toJSONSchema(payload, { io: "input", unrepresentable: "any" }), ids),
    }),
  );
  const unknown = fc.record({ name: fc.constantFrom(...nastyTexts), payload: weird });
  return fc.oneof({ arbitrary: fc.oneof(...known), weight: 20 }, { arbitrary: unknown, weight: 1 });
}
