import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import specs from "@asyncapi/specs";
import { describe, expect, it } from "@jest/globals";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv } from "ajv";
import { commands } from "../../shared/commands/catalogue.ts";
import { asyncApiDocument } from "../../shared/documents/asyncapi.ts";
import { openApiDocument } from "../../shared/documents/openapi.ts";
import { routes } from "../../shared/documents/routes.ts";
import { EventType } from "../../shared/event-type.ts";
import { namespaces } from "../../shared/namespace.ts";
import { namespaceMessages } from "../../shared/namespace-messages.ts";
import { systemMessages } from "../../shared/system-message.ts";
import { progressOf, tell } from "../support/monitoring.ts";
import { startServer } from "../support/server.ts";
import { root } from "./source-tree.ts";

const documents = [
  ["docs/asyncapi.json", "/api/asyncapi.json", asyncApiDocument],
  ["docs/openapi.json", "/api/openapi.json", openApiDocument],
] as const;

/** Every reference of a document, as a path into it. */
function referencesIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (key === "$ref" ? [String(inner)] : referencesIn(inner)));
}

function resolve(document: object, reference: string): unknown {
  const path = reference.replace(/^#\//, "").split("/");
  return path.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document);
}

describe("the documents for programs", () => {
  it.each(documents)("API-1 %s matches the contract (npm run documents writes it)", (file, _path, make) => {
    const document = JSON.stringify(make());
    if (process.env.UPDATE_DOCUMENTS) writeFileSync(join(root, file), `${document}\n`);

    const written = JSON.stringify(JSON.parse(readFileSync(join(root, file), "utf8")));
    expect(written === document).toBe(true);
  });

  it.each(documents)("API-1 every reference in %s leads to something in it", (_file, _path, make) => {
    const document = make();

    const lost = referencesIn(document).filter((reference) => resolve(document, reference) === undefined);

    expect(referencesIn(document).length).toBeGreaterThan(1);
    expect(lost).toEqual([]);
  });

  it("API-2 docs/asyncapi.json is valid by the official schema", () => {
    const ajv = new Ajv({ strict: false, validateFormats: false, logger: false });
    // It brings the schema of schemas along, which the validator has.
    const official = structuredClone(specs.schemas["3.0.0"]) as { definitions: Record<string, unknown> };
    for (const id of Object.keys(official.definitions)) {
      if (id.startsWith("http://json-schema.org/")) delete official.definitions[id];
    }
    const validate = ajv.compile(official);

    const isValid = validate(asyncApiDocument());

    expect(validate.errors ?? []).toEqual([]);
    expect(isValid).toBe(true);
    expect(validate({ ...asyncApiDocument(), channels: 7 })).toBe(false);
  });

  it("API-2 docs/openapi.json is valid by the official schema", async () => {
    const result = await new Validator().validate(openApiDocument());

    expect(result).toEqual({ valid: true });
    expect((await new Validator().validate({ ...openApiDocument(), paths: 7 })).valid).toBe(false);
  });

  it("API-3 the AsyncAPI document has every command, event and message of the server", () => {
    const { channels } = asyncApiDocument() as { channels: Record<string, { messages: Record<string, unknown> }> };

    for (const namespace of namespaces) {
      const messages = Object.keys(channels[namespace.slice(1)]?.messages ?? {});
      const due = [
        ...Object.keys(commands[namespace]).map((name) => `${name}.command`),
        ...Object.keys(systemMessages),
        ...Object.keys(namespaceMessages[namespace]),
      ];
      expect(messages).toEqual(expect.arrayContaining(due));
    }
    const all = Object.values(channels).flatMap(({ messages }) => Object.keys(messages));
    expect(Object.values(EventType).filter((type) => !all.includes(type))).toEqual([]);
  });

  it("API-3 the server serves both documents, and every route in them", async () => {
    // With a provider of its own, whose logouts are a route.
    const env = { OIDC_ISSUER: "https://login.example.com", OIDC_CLIENT_ID: "signalbox" };
    const server = await startServer({ store: "memory", env });

    for (const [file, path] of documents) {
      const { body, status } = await server.request("GET", path, { as: null });
      expect(status).toBe(200);
      expect(body).toEqual(JSON.parse(readFileSync(join(root, file), "utf8")));
    }
    for (const { method, path } of routes) {
      const { body } = await server.request(method.toUpperCase(), path.replaceAll(/\{\w+\}/g, "a"), { roles: [] });
      expect(String(body.detail)).not.toContain("There is nothing at");
    }
  });

  it("API-4 an event matches its description", async () => {
    const server = await startServer({ store: "memory" });
    const mona = await server.connect("mona", { namespace: "/monitoring", roles: ["monitor"] });
    await mona.ok("join_room", { room: "*" });
    await tell(server, progressOf("s1"));
    const event = await mona.one(EventType.StreamProgress);
    const document = asyncApiDocument() as {
      channels: { monitoring: { messages: Record<string, { payload: object }> } };
    };
    const { payload } = document.channels.monitoring.messages["stream.progress"] ?? {};
    const validate = new Ajv({ strict: false, validateFormats: false }).compile({ ...payload, ...document });

    expect(validate(event)).toBe(true);
    expect(validate({ ...event, data: { ...event.data, progressPercentage: "7" } })).toBe(false);
  });
});
