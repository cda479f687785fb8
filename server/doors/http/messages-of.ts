import { IncomingMessage, ServerResponse } from "node:http";
import type { Express } from "express";

/**
 * The classes of which the server of HTTP makes the requests and responses of an app. Express gives each its own
 * prototype when it arrives, unless it has that. To V8 an object whose prototype was changed is one of a kind: what
 * hangs on it outlives young collections, and it was a fifth of all that a request allocates.
 */
export function messagesOf(app: Express) {
  class Request extends IncomingMessage {}
  class Response extends ServerResponse<Request> {}
  Object.setPrototypeOf(Request.prototype, app.request);
  Object.setPrototypeOf(Response.prototype, app.response);
  Object.assign(app, { request: Request.prototype, response: Response.prototype });
  return { IncomingMessage: Request, ServerResponse: Response };
}
