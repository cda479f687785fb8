import { z } from "zod";

export type JsonSchema = Record<string, unknown>;

interface JsonSchemasOptions {
  /** The dialect of the document. */
  target: "draft-7" | "draft-2020-12";
}

/**
 * Turns schemas into those of a document. A schema with an `id`, and one that refers to itself, stands once among the
 * document's own schemas, since a reference starts from the root of the document.
 */
export class JsonSchemas {
  /** Those that others refer to, for `components.schemas`. */
  readonly shared: Record<string, JsonSchema> = {};
  readonly #target: JsonSchemasOptions["target"];

  constructor({ target }: JsonSchemasOptions) {
    this.#target = target;
  }

  /** `input`: what a client sends, with its defaults left out; `output`: what it gets. */
  of(schema: z.ZodType, side: "input" | "output"): JsonSchema {
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
    for (const [name, definition] of Object.entries({ ...$defs, ...definitions })) {
      this.#share(sharedName(name), redirect(definition) as JsonSchema);
    }
    return redirect(own) as JsonSchema;
  }

  #share(name: string, definition: JsonSchema): void {
    const known = this.shared[name];
    if (known && JSON.stringify(known) !== JSON.stringify(definition))
      throw new Error(`Two schemas are called ${name}, or one has defaults and is both sent and received.`);
    this.shared[name] = definition;
  }
}

/** The one schema without an id that refers to itself is that of JSON. */
const sharedName = (name: string) => (name.startsWith("__schema") ? "Json" : name);

function redirect(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redirect);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const [, local] = key === "$ref" ? (/^#\/(?:\$defs|definitions)\/(.+)$/.exec(String(inner)) ?? []) : [];
      return [key, local === undefined ? redirect(inner) : `#/components/schemas/${sharedName(local)}`];
    }),
  );
}
