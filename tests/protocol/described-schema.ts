import { z } from "zod";
import { type DescribedField, describedFields, splitOutside } from "./document.ts";

/** A field of a schema; of a union, of any of its members. */
interface SchemaField {
  optional: boolean;
  schemas: z.ZodType[];
}

/** How the fields of a page differ from those of a schema, in words; empty when they do not. */
export function differences(described: readonly DescribedField[], schema: z.ZodType, at = ""): string[] {
  const real = fieldsOf(schema);
  const faults: string[] = [];
  for (const name of real.keys()) {
    if (!described.some((field) => field.name === name)) faults.push(`${at}${name} is not on the page`);
  }
  for (const { name, optional, type } of described) {
    const field = real.get(name);
    if (!field) faults.push(`${at}${name} is not in the code`);
    else if (field.optional !== optional)
      faults.push(`${at}${name} is ${field.optional ? "optional" : "required"} in the code`);
    else if (type !== undefined) faults.push(...typeDifferences(type, field.schemas, `${at}${name}`));
  }
  return faults;
}

/** Names of the fields of an object or a union of objects, those that may be left out with a question mark. */
export function fieldNames(schema: z.ZodType): string[] {
  return [...fieldsOf(schema)].map(([name, { optional }]) => (optional ? `${name}?` : name));
}

function fieldsOf(schema: z.ZodType): Map<string, SchemaField> {
  const members = membersOf(schema).filter((member) => member instanceof z.ZodObject);
  if (members.length === 0) throw new Error(`A ${schema.type} has no fields.`);
  const fields = new Map<string, SchemaField>();
  for (const { shape } of members) {
    for (const [name, type] of Object.entries(shape as Record<string, z.ZodType>)) {
      const field = fields.get(name) ?? { optional: members.some((member) => !(name in member.shape)), schemas: [] };
      field.optional ||= type.safeParse(undefined).success;
      field.schemas.push(type);
      fields.set(name, field);
    }
  }
  return fields;
}

/** What is written of a type is compared where it says more than a name: words, nested fields, lists of these. */
function typeDifferences(type: string, schemas: z.ZodType[], at: string): string[] {
  const [first] = schemas;
  const schema = first && schemas.length > 1 ? z.union([first, ...schemas.slice(1)]) : first;
  if (!schema) return [];
  if (type.startsWith("[{")) return differences(describedFields(type.slice(1, -1)), elementOf(schema), `${at}[].`);
  if (type.startsWith("{")) return differences(describedFields(type), schema, `${at}.`);
  if (type.endsWith("[]"))
    return membersOf(schema).some((member) => member instanceof z.ZodArray) ? [] : [`${at} is no list`];
  const words = wordsOf(schema);
  if (words.length === 0) return [];
  const written = splitOutside(type, "|").map((word) => word.replaceAll('"', ""));
  return written.toSorted().join() === words.toSorted().join()
    ? []
    : [`${at} is one of ${words.join(", ")} in the code`];
}

/** The values of an enum or of literals. */
export function wordsOf(schema: z.ZodType): string[] {
  const words = membersOf(schema).flatMap((member) => {
    if (member instanceof z.ZodEnum) return member.options.map(String);
    return member instanceof z.ZodLiteral ? [...member.values].map(String) : [];
  });
  return [...new Set(words)];
}

function elementOf(schema: z.ZodType): z.ZodType {
  const list = membersOf(schema).find((member) => member instanceof z.ZodArray);
  if (!list) throw new Error(`A ${schema.type} has no elements.`);
  return list.element as z.ZodType;
}

/** The schema without what may surround it; of a union, its members. */
function membersOf(schema: z.ZodType): z.ZodType[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return membersOf(schema.unwrap() as z.ZodType);
  }
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => membersOf(option as z.ZodType));
  return [schema];
}
