import type { IRouter } from "express";
import { asyncApiDocument } from "../../../shared/documents/asyncapi.ts";
import { openApiDocument } from "../../../shared/documents/openapi.ts";

/** The contract, for programs that read it. No token is asked for. */
export function addDocumentRoutes(routes: IRouter): void {
  // Made on first use: who never asks does not pay for it.
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
