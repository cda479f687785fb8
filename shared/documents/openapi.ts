import { z } from "zod";
import { errorCodes } from "../error-code.ts";
import { Identifier } from "../ids.ts";
import { protocolVersion } from "../protocol.ts";
import { ReplyError } from "../reply.ts";
import { JsonSchemas } from "./json-schemas.ts";
import type { RouteDescription } from "./route-description.ts";
import { routes } from "./routes.ts";

/** An error as `problemOf` writes it. */
const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  ...ReplyError.pick({ code: true, retryable: true, details: true }).shape,
  instance: z.string().optional(),
});

/** The HTTP routes as an OpenAPI 3.1 document. */
export function openApiDocument(): Record<string, unknown> {
  const schemas = new JsonSchemas({ target: "draft-2020-12" });
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const operations = paths[route.path] ?? {};
    operations[route.method] = operationOf(route, schemas);
    paths[route.path] = operations;
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Signalbox over HTTP",
      version: String(protocolVersion),
      description: "What events there are, and what their data is, stands in the AsyncAPI document.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    paths,
    components: {
      securitySchemes: {
        token: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
        session: { type: "apiKey", in: "cookie", name: "signalbox_session" },
        metricsToken: { type: "http", scheme: "bearer" },
      },
      responses: { problem: problemResponse(schemas) },
      schemas: schemas.shared,
    },
  };
}

function operationOf({ method, path, summary, who, query, body, answer }: RouteDescription, schemas: JsonSchemas) {
  const content = answer.status === 204 ? undefined : contentOf(answer, schemas);
  return {
    operationId: `${method} ${path}`.replaceAll(/[^A-Za-z]+/g, "_").replace(/_$/, ""),
    summary: `${summary}. ${whoMay(who)}`,
    security: securityOf(who),
    parameters: [...pathParametersOf(path, schemas), ...queryParametersOf(query, schemas)],
    ...(body && {
      requestBody: { required: true, content: { "application/json": { schema: schemas.of(body, "input") } } },
    }),
    responses: {
      [answer.status]: { description: "Done.", ...(content && { content }) },
      default: { $ref: "#/components/responses/problem" },
    },
  };
}

function securityOf(who: RouteDescription["who"]) {
  if (who === "anyone") return [];
  return who === "metrics" ? [{}, { metricsToken: [] }] : [{ token: [] }, { session: [] }];
}

function contentOf(answer: Exclude<RouteDescription["answer"], { status: 204 }>, schemas: JsonSchemas) {
  if ("text" in answer) return { "text/plain": { schema: { type: "string" } } };
  const content: Record<string, unknown> = { "application/json": { schema: schemas.of(answer.schema, "output") } };
  if (answer.alsoEventStream) content["text/event-stream"] = { schema: { type: "string" } };
  return content;
}

function whoMay(who: RouteDescription["who"]): string {
  if (who === "anyone") return "No token is needed.";
  if (who === "metrics") return "With METRICS_TOKEN; outside production without one too, if none is set.";
  if (who === "token") return "For whoever has a token.";
  return who === "reader" ? "For whoever may join the room or watch the topics." : `Roles: ${who.join(", ")}.`;
}

function pathParametersOf(path: string, schemas: JsonSchemas) {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: schemas.of(Identifier, "input"),
  }));
}

function queryParametersOf(query: z.ZodObject | undefined, schemas: JsonSchemas) {
  return Object.entries(query?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: "query",
    required: !(schema as z.ZodType).safeParse(undefined).success,
    schema: schemas.of(schema as z.ZodType, "input"),
  }));
}

function problemResponse(schemas: JsonSchemas) {
  const codes = Object.entries(errorCodes).map(
    ([code, { httpStatus, meaning }]) => `${httpStatus} ${code}: ${meaning}`,
  );
  return {
    description: `It was not done.\n\n${codes.map((line) => `* ${line}`).join("\n")}`,
    content: { "application/problem+json": { schema: schemas.of(Problem, "output") } },
  };
}
