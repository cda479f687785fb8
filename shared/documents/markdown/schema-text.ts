import type { JsonSchema } from "../json-schemas.ts";
import { limitsText } from "./limits-text.ts";
import { code, lines } from "./table.ts";

interface Known {
  $ref?: string;
  enum?: unknown[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  type?: string | string[];
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema;
  description?: string;
}

interface Field {
  /** With a question mark where it may be left out. */
  name: string;
  schema: JsonSchema;
}

/** A JSON Schema as a type, in the notation of TypeScript. A schema that the document shares is called by its name. */
function typeText(schema: JsonSchema): string {
  const { $ref, anyOf, oneOf, type, items, properties, additionalProperties } = schema as Known;
  if ($ref !== undefined) return $ref.replace(/^.*\//, "");
  if ("const" in schema) return JSON.stringify(schema.const);
  const members = anyOf ?? oneOf;
  if (members) return members.map(typeText).join(" | ");
  if (schema.enum) return (schema as Known).enum?.map((value) => JSON.stringify(value)).join(" | ") ?? "";
  if (items) return arrayText(typeText(items));
  if (properties) return objectText(fieldsOf(schema));
  if (type === "object") return `{ [name]: ${typeText(additionalProperties ?? {})} }`;
  return type === undefined ? "any" : [type].flat().join(" | ");
}

/** The fields of an object, each on a line of the cell, with limits and meaning; of anything else its type. */
export function fieldsText(schema: JsonSchema): string {
  const { oneOf, properties, description } = schema as Known;
  const fields = properties ? fieldLines(fieldsOf(schema)) : [];
  const types = oneOf ? unionLines(oneOf) : [code(typeText(schema)) + limitsText(schema)];
  return lines([...(properties ? fields : types), ...(description === undefined ? [] : [description])]) || "–";
}

const arrayText = (item: string) => (item.includes(" | ") && !item.startsWith("{") ? `(${item})[]` : `${item}[]`);

function objectText(fields: readonly Field[]): string {
  const texts = fields.map(({ name, schema }) => `${name}: ${typeText(schema)}`);
  return texts.length === 0 ? "{}" : `{ ${texts.join(", ")} }`;
}

export function fieldsOf(schema: JsonSchema): Field[] {
  const { properties = {}, required = [] } = schema as Known;
  return Object.entries(properties).map(([name, field]) => ({
    name: required.includes(name) ? name : `${name}?`,
    schema: field,
  }));
}

function fieldLines(fields: readonly Field[]): string[] {
  return fields.map(({ name, schema }) => {
    const line = code(`${name}: ${typeText(schema)}`) + limitsText(schema);
    const { description } = schema as Known;
    return description === undefined ? line : `${line}: ${uncapitalized(description)}`;
  });
}

/** "A name" becomes "a name", and "ISO 8601" stays. */
const uncapitalized = (text: string) =>
  /^[A-Z][a-z]*[ .,;:]/.test(text) ? `${text.charAt(0).toLowerCase()}${text.slice(1)}` : text;

/** Of several objects: each by what is its own, then the fields that are alike in all of them. */
function unionLines(members: readonly JsonSchema[]): string[] {
  const all = members.map(fieldsOf);
  const isAlike = (field: Field) => all.every((fields) => fields.some((other) => isSame(field, other)));
  const alike = all[0]?.filter(isAlike) ?? [];
  const own = withKindsJoined(all.map((fields) => fields.filter((field) => !isAlike(field))));
  return [
    ...own.map((fields) => code(objectText(fields))),
    ...(alike.length > 0 ? ["each with", ...fieldLines(alike)] : []),
  ];
}

const isSame = (one: Field, other: Field) => JSON.stringify(one) === JSON.stringify(other);

/** Objects that differ in one constant alone, such as `type`, become one. */
function withKindsJoined(objects: readonly Field[][]): Field[][] {
  const byRest = new Map<string, Field[]>();
  for (const fields of objects) {
    const rest = JSON.stringify(fields.filter(({ schema }) => !("const" in schema)));
    const known = byRest.get(rest);
    byRest.set(rest, known ? known.map((field, index) => eitherOf(field, fields[index] ?? field)) : fields);
  }
  return [...byRest.values()];
}

const eitherOf = (one: Field, other: Field): Field =>
  isSame(one, other) ? one : { ...one, schema: { anyOf: [one.schema, other.schema] } };
