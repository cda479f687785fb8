import type { RequestHandler } from "express";
import type { Spans } from "../../observe/spans.ts";

/** Makes a span for every request, under the parent in `traceparent`. Omits the query, which may contain a token. */
export function spanRequests(spans: Pick<Spans, "start">): RequestHandler {
  return (request, response, next) => {
    const { method, headers, originalUrl } = request;
    const span = spans.start(method, {
      kind: "server",
      parent: headers.traceparent?.toString(),
      attributes: { "http.request.method": method, "url.path": originalUrl.split("?", 1)[0] ?? "" },
    });
    response.once("close", () => {
      const { statusCode, writableFinished } = response;
      const route: unknown = request.route?.path;
      if (typeof route === "string") {
        span.rename(`${method} /api${route}`);
        span.set({ "http.route": `/api${route}` });
      }
      // Readers end event streams by disconnecting, which is not a failure.
      span.set({ "http.response.status_code": statusCode, "signalbox.aborted": !writableFinished });
      span.end(statusCode >= 500 ? String(statusCode) : undefined);
    });
    span.within(next);
  };
}
