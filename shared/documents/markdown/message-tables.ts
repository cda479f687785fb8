import type { z } from "zod";
import type { AnyCommand } from "../../commands/define-command.ts";
import { events } from "../../events/catalogue.ts";
import type { AnyEvent } from "../../events/define-event.ts";
import type { NamespaceMessage } from "../../namespace-messages.ts";
import type { JsonSchema, JsonSchemas } from "../json-schemas.ts";
import { describedFor } from "../texts.ts";
import { fieldsText } from "./schema-text.ts";
import { code, codes, table } from "./table.ts";

export function commandTable(list: readonly AnyCommand[], schemas: JsonSchemas): string {
  return table(
    ["command", "meaning", "payload", "reply `data`"],
    list.map(({ name, description, roles, payload, reply }) => [
      code(name),
      describedFor(description, roles),
      fieldsText(schemas.of(payload, "input")),
      fieldsText(schemas.of(reply, "output")),
    ]),
  );
}

export function messageTable(messages: Readonly<Record<string, NamespaceMessage>>, schemas: JsonSchemas): string {
  const hasReplies = Object.values(messages).some(({ reply }) => reply);
  return table(
    ["message", "meaning", "data", ...(hasReplies ? ["acknowledgement"] : [])],
    Object.entries(messages).map(([name, { data, reply }]) => {
      const { description = "", ...fields } = schemas.of(data, "output");
      const answer = reply ? fieldsText(schemas.of(reply, "input")) : "–";
      return [code(name), String(description), fieldsText(fields), ...(hasReplies ? [answer] : [])];
    }),
  );
}

export function eventTable(schemas: JsonSchemas): string {
  return table(
    ["type", "meaning", "rooms", "durable", "publishers", "data"],
    Object.values<AnyEvent>(events).map(({ type, description, rooms, durable, publishers, data }) => [
      code(type),
      description,
      codes(rooms),
      durable ? "yes" : "no",
      publishers.length > 0 ? codes(publishers) : "the server",
      fieldsText(schemas.of(data, "output")),
    ]),
  );
}

/** Messages of one union, each by the constant that tells it from the others; `common` fields are left out. */
export function variantTable(
  kind: string,
  variants: readonly z.ZodObject[],
  side: "input" | "output",
  schemas: JsonSchemas,
  common: readonly string[] = [],
): string {
  return table(
    [code(kind), "meaning", "other fields"],
    variants.map((variant) => {
      const { description = "", properties, ...schema } = schemas.of(variant, side);
      const { [kind]: constant, ...fields } = properties as Record<string, JsonSchema>;
      const own = Object.entries(fields).filter(([name]) => !common.includes(name));
      return [
        code(String(constant?.const)),
        String(description),
        fieldsText({ ...schema, properties: Object.fromEntries(own) }),
      ];
    }),
  );
}

export function typeTable(schemas: JsonSchemas): string {
  const types = Object.entries(schemas.shared).sort(([one], [other]) => (one < other ? -1 : 1));
  return table(
    ["type", "meaning", "form"],
    types.map(([name, { description = "", ...schema }]) => [code(name), String(description), fieldsText(schema)]),
  );
}
