import type { JsonSchema, JsonSchemas } from "../json-schemas.ts";
import type { RouteAudience, RouteDescription } from "../route-description.ts";
import { limitsText } from "./limits-text.ts";
import { fieldsOf, fieldsText } from "./schema-text.ts";
import { code, codes, lines, table } from "./table.ts";

const audiences: Record<Extract<RouteAudience, string>, string> = {
  anyone: "anyone",
  token: "any token",
  reader: "as for the rooms",
  metrics: "`METRICS_TOKEN`",
  provider: "OpenID providers",
};

export function routeTable(routes: readonly RouteDescription[], schemas: JsonSchemas): string {
  return table(
    ["route", "for", "meaning", "request", "answer"],
    routes.map((route) => rowOf(route, schemas)),
  );
}

function rowOf(route: RouteDescription, schemas: JsonSchemas): string[] {
  const { method, path, description, who, query, body, isForm, answer } = route;
  const request = [
    ...(query ? [queryText(schemas.of(query, "input"))] : []),
    ...(body ? [`${isForm ? "Form" : "Body"}: ${fieldsText(schemas.of(body, "input"))}`] : []),
  ];
  const content = answer.schema ? fieldsText(schemas.of(answer.schema, "output")) : answer.text && "text";
  return [
    code(`${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`),
    typeof who === "string" ? audiences[who] : codes(who),
    description,
    lines(request) || "–",
    [answer.status, ...(content ? [content] : [])].join(": "),
  ];
}

/** In a URL everything is text: the description says what is in it. */
function queryText(schema: JsonSchema): string {
  const fields = fieldsOf(schema).map(({ name, schema: { pattern, maxLength, description, ...field } }) => {
    const text = code(name) + limitsText(field);
    return description === undefined ? text : `${text}: ${String(description)}`;
  });
  return `Query: ${lines(fields)}`;
}
