import { z } from "zod";

type JsonSchema = Record<string, unknown>;

/** Which of the two a schema is written for: what is sent, with its defaults left out, or what is received. */
export type Side = "input" | "output";

export interface JsonSchemasOptions {
  /** The dialect of the document. */
  target: "draft-7" | "draft-2020-12";
}

/**
 * Turns schemas into those of a document. What refers to itself stands once among the document's own schemas, since a
 * reference starts from the root of the document.
 */
export class JsonSchemas {
  /** Those that others refer to, for `components.schemas`. */
  readonly shared: Record<string, JsonSchema> = {};
  readonly #target: JsonSchemasOptions["target"];
  readonly #names = new Map<string, string>();

  constructor({ target }: JsonSchemasOptions) {
    this.#target = target;
  }

  of(schema: z.ZodType, side: Side): JsonSchema {
    const {
      $schema,
      $defs = {},
      definitions = {},
      ...own
    } = z.toJSONSchema(schema, {
      target: this.#target,
      io: side,
      unrepresentable: "any",
    }) as JsonSchema & { $defs?: Record<string, JsonSchema>; definitions?: Record<string, JsonSchema> };
    const local = { ...$defs, ...definitions };
    const names = new Map(Object.entries(local).map(([name, definition]) => [name, this.#nameOf(name, definition)]));
    for (const [name, definition] of Object.entries(local)) {
      this.shared[names.get(name) ?? name] = redirect(definition, names) as JsonSchema;
    }
    return redirect(own, names) as JsonSchema;
  }

  /** Equal definitions have one name, whatever they were called where they came from. */
  #nameOf(local: string, definition: JsonSchema): string {
    const content = JSON.stringify(definition).replaceAll(`/${local}"`, '/self"');
    const name = this.#names.get(content) ?? (this.#names.size === 0 ? "Json" : `Json${this.#names.size + 1}`);
    this.#names.set(content, name);
    return name;
  }
}

function redirect(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => redirect(item, names));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const [, local] = key === "$ref" ? (/^#\/(?:\$defs|definitions)\/(.+)$/.exec(String(inner)) ?? []) : [];
      if (local === undefined) return [key, redirect(inner, names)];
      return [key, `#/components/schemas/${names.get(local) ?? local}`];
    }),
  );
}
