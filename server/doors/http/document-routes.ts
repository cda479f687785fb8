import type { IRouter } from "express";
import { asyncApiDocument } from "../../../shared/documents/asyncapi.ts";
import { openApiDocument } from "../../../shared/documents/openapi.ts";

/** The API documents. No token is required. */
export function addDocumentRoutes(routes: IRouter): void {
  // Made on first use, so that they cost nothing until then.
  const once = (make: () => object) => {
    let text: string | undefined;
    return () => {
      text ??= JSON.stringify(make());
      return text;
    };
  };
  const openApi = once(openApiDocument);
  const asyncApi = once(asyncApiDocument);
  routes.get("/api/openapi.json", (_request, response) => void response.type("json").send(openApi()));
  routes.get("/api/asyncapi.json", (_request, response) => void response.type("json").send(asyncApi()));
}
