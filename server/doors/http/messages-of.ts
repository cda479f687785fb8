import { IncomingMessage, ServerResponse } from "node:http";
import type { Express } from "express";

/**
 * Request and response classes for the HTTP server, with the app's prototypes. Express otherwise sets the prototype of
 * each object when it arrives. V8 makes a separate map for each object whose prototype was changed, which survives
 * young collections; that was a fifth of all allocations of a request.
 */
export function messagesOf(app: Express) {
  class Request extends IncomingMessage {
    declare private wantsUpgrade: boolean;

    /**
     * Node asks this where it would hand the connection over to `upgrade`. `curl --http2` and Java's HttpClient offer
     * `Upgrade: h2c` with ordinary requests: these are answered in HTTP/1.1, as HTTP allows.
     */
    get upgrade(): boolean {
      return this.wantsUpgrade && this.headers.upgrade?.toLowerCase() === "websocket";
    }

    set upgrade(wantsUpgrade: boolean) {
      this.wantsUpgrade = wantsUpgrade;
    }
  }
  class Response extends ServerResponse<Request> {}
  Object.setPrototypeOf(Request.prototype, app.request);
  Object.setPrototypeOf(Response.prototype, app.response);
  Object.assign(app, { request: Request.prototype, response: Response.prototype });
  return { IncomingMessage: Request, ServerResponse: Response };
}
