import { limits } from "./limits.ts";

/** The parts of a JSON Schema that determine sizes. References lead to `$defs` of the root. */
export interface JsonShape {
  $defs?: Record<string, JsonShape>;
  $ref?: string;
  anyOf?: JsonShape[];
  oneOf?: JsonShape[];
  allOf?: JsonShape[];
  enum?: unknown[];
  const?: unknown;
  type?: string;
  maxLength?: number;
  maxItems?: number;
  items?: JsonShape;
  properties?: Record<string, JsonShape>;
  additionalProperties?: JsonShape | boolean;
  propertyNames?: JsonShape;
}

/** The longest way to write a UTF-16 code unit in JSON has six bytes: `\u0041`. */
const escapedBytes = 6;
/** Longer than any number that a client writes. */
const numberBytes = 32;

const textBytes = (length: number) => escapedBytes * length + 2;
const sum = (parts: number[]) => parts.reduce((total, part) => total + part, 0);
const optionsOf = ({ anyOf, oneOf }: JsonShape) => anyOf ?? oneOf;

/** Bytes of the longest JSON of this shape, with everything escaped. Free-form parts count `freeBytes` each. */
export function bytesOfLongest(root: JsonShape, freeBytes: number): number {
  function bytesOf(given: JsonShape): number {
    const shape = resolve(root, given);
    if (isFree(shape)) return escapedBytes * freeBytes;
    const options = optionsOf(shape);
    if (options) return Math.max(...options.map(bytesOf));
    if (shape.allOf) return sum(shape.allOf.map(bytesOf));
    if (shape.enum) return Math.max(...shape.enum.map((value) => textBytes(String(value).length)));
    if (shape.const !== undefined) return textBytes(String(shape.const).length);
    // Text without a maximum length has a pattern, since it is an id.
    if (shape.type === "string") return textBytes(shape.maxLength ?? limits.identifierLength);
    if (shape.type === "array") return 2 + (shape.maxItems ?? limits.pageMax) * (bytesOf(shape.items ?? {}) + 1);
    if (shape.type === "object") return objectBytes(shape);
    return numberBytes;
  }
  function objectBytes({ properties = {}, additionalProperties, propertyNames }: JsonShape): number {
    const own = Object.entries(properties).map(([name, value]) => textBytes(name.length) + bytesOf(value) + 2);
    // The only object with free names and values of a known type contains metrics.
    const named = typeof additionalProperties === "object" ? bytesOf(propertyNames ?? {}) + numberBytes + 2 : 0;
    return 2 + sum(own) + limits.metricsPerUpdate * named;
  }
  return bytesOf(root);
}

/** A part of a message that exceeds its limit. */
export interface Oversized {
  path: readonly string[];
  /** Its size as JSON without white space and unnecessary escapes. */
  bytes: number;
}

/**
 * The first part of a message that exceeds the limit although its shape does not allow more: free-form JSON, an unknown
 * field, or a text longer than its limit. The message need not be valid.
 */
export function oversizedPart(
  root: JsonShape,
  value: unknown,
  atMost: number,
  path: readonly string[] = [],
): Oversized | undefined {
  function measure(value: unknown, path: readonly string[]): Oversized | undefined {
    const bytes = new TextEncoder().encode(JSON.stringify(value)).length;
    return bytes > atMost ? { path, bytes } : undefined;
  }
  function find(given: JsonShape, value: unknown, path: readonly string[]): Oversized | undefined {
    const shape = resolve(root, given);
    if (isFree(shape)) return measure(value, path);
    const options = optionsOf(shape) ?? shape.allOf;
    if (options) {
      const found = options.map((option) => find(option, value, path));
      return found.every((part) => part !== undefined) ? found[0] : undefined;
    }
    if (typeof value === "string") {
      const isWithin = shape.type === "string" && value.length <= (shape.maxLength ?? limits.identifierLength);
      return isWithin ? undefined : measure(value, path);
    }
    if (typeof value !== "object" || value === null) return undefined;
    const { items, properties = {}, additionalProperties } = shape;
    if (Array.isArray(value) ? !items : shape.type !== "object") return measure(value, path);
    for (const [name, inner] of Object.entries(value)) {
      const of = items ?? (Object.hasOwn(properties, name) ? properties[name] : additionalProperties);
      const within = [...path, name];
      const part = typeof of === "object" ? find(of, inner, within) : measure(inner, within);
      if (part) return part;
    }
    return undefined;
  }
  return find(root, value, path);
}

function resolve(root: JsonShape, shape: JsonShape): JsonShape {
  let found = shape;
  while (found.$ref !== undefined) found = root.$defs?.[found.$ref.split("/").at(-1) ?? ""] ?? {};
  return found;
}

/** Whether the schema is that of any JSON, or of an object with any JSON: the only one that refers to itself. */
function isFree({ type, anyOf, additionalProperties, $ref }: JsonShape): boolean {
  if (type === "object" && typeof additionalProperties === "object") return additionalProperties.type !== "number";
  return (
    type === undefined && $ref === undefined && (anyOf ?? []).some(({ items }) => items?.$ref?.includes("/__schema"))
  );
}
