import { z } from "zod";
import { errorCodes } from "../error-code.ts";
import { Identifier } from "../ids.ts";
import { protocolVersion } from "../protocol.ts";
import { ReplyError } from "../reply.ts";
import { JsonSchemas } from "./json-schemas.ts";
import type { RouteAudience, RouteDescription } from "./route-description.ts";
import { routes } from "./routes.ts";
import { describedFor, firstSentence } from "./texts.ts";

/** An error as `problemOf` writes it. */
const Problem = z.object({
  type: z.string().describe("`urn:signalbox:error:` and the code."),
  title: z.string().describe("The meaning of the code."),
  status: z.int(),
  detail: z.string().describe("For people: what is wrong this time."),
  ...ReplyError.pick({ code: true, retryable: true, details: true }).shape,
  instance: z.string().optional().describe("The path of the request."),
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
      description: "The AsyncAPI document has the types of events and their data.",
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

function operationOf(route: RouteDescription, schemas: JsonSchemas) {
  const { method, path, description, who, query, body, isForm, answer } = route;
  const content = contentOf(answer, schemas);
  const bodyType = isForm ? "application/x-www-form-urlencoded" : "application/json";
  return {
    operationId: `${method} ${path}`.replaceAll(/[^A-Za-z]+/g, "_").replace(/_$/, ""),
    summary: firstSentence(description),
    description: typeof who === "string" ? `${description} ${audiences[who]}` : describedFor(description, who),
    security: securityOf(who),
    parameters: [...pathParametersOf(path, schemas), ...queryParametersOf(query, schemas)],
    ...(body && { requestBody: { required: true, content: { [bodyType]: { schema: schemas.of(body, "input") } } } }),
    responses: {
      [answer.status]: { description: "Done.", ...(content && { content }) },
      default: { $ref: "#/components/responses/problem" },
    },
  };
}

function securityOf(who: RouteAudience) {
  if (who === "anyone" || who === "provider") return [];
  return who === "metrics" ? [{}, { metricsToken: [] }] : [{ token: [] }, { session: [] }];
}

function contentOf({ schema, text, alsoEventStream }: RouteDescription["answer"], schemas: JsonSchemas) {
  if (text) return { "text/plain": { schema: { type: "string" } } };
  return (
    schema && {
      "application/json": { schema: schemas.of(schema, "output") },
      ...(alsoEventStream && { "text/event-stream": { schema: { type: "string" } } }),
    }
  );
}

const audiences: Record<Extract<RouteAudience, string>, string> = {
  anyone: "No token is needed.",
  token: "For any token.",
  reader: "For users who may join the room or follow the topics.",
  metrics: "With `METRICS_TOKEN`; outside production also without a token, where the setting is empty.",
  provider: "For OpenID providers.",
};

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
    description: `The request was refused.\n\n${codes.map((line) => `* ${line}`).join("\n")}`,
    content: { "application/problem+json": { schema: schemas.of(Problem, "output") } },
  };
}
