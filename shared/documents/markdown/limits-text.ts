import type { JsonSchema } from "../json-schemas.ts";
import { code } from "./table.ts";

/** A longer pattern is for programs; the description says what it means. */
const readablePattern = 64;

/** ` (1 to 200, default 50)`; empty where a schema has no limits. */
export function limitsText(schema: JsonSchema): string {
  const limits = [...rangesOf(schema), ...("default" in schema ? [`default ${valueText(schema.default)}`] : [])];
  return limits.length > 0 ? ` (${limits.join(", ")})` : "";
}

function rangesOf(schema: JsonSchema): string[] {
  const { anyOf, pattern } = schema as { anyOf?: JsonSchema[]; pattern?: string };
  if (anyOf) return anyOf.flatMap(rangesOf);
  const { minLength, maxLength, minItems, maxItems, minimum, maximum } = schema as Record<string, number | undefined>;
  if (maxLength !== undefined) return [rangeText(minLength, maxLength, " characters")];
  if (maxItems !== undefined) return [rangeText(minItems, maxItems, " items")];
  // Every integer has the bounds of safe integers, which are no limit of the contract.
  if (maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER) return [`${minimum ?? 0} to ${maximum}`];
  if (minimum !== undefined && minimum > 0) return [`at least ${minimum}`];
  return pattern !== undefined && pattern.length <= readablePattern ? [`matching ${code(pattern)}`] : [];
}

const rangeText = (min: number | undefined, max: number, unit: string) =>
  min ? `${min} to ${max}${unit}` : `at most ${max}${unit}`;

const valueText = (value: unknown) => (typeof value === "number" ? value : code(JSON.stringify(value)));
