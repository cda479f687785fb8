import type { IRouter, Request, Response } from "express";
import { EventsQuery } from "../../../shared/http/events.ts";
import { Rejection } from "../../../shared/rejection.ts";
import type { ReplyError } from "../../../shared/reply.ts";
import { type Calls, onlyWith, parse } from "./calls.ts";

/** Where requests for `text/event-stream` are served. */
interface EventStreams {
  serve(request: Request, response: Response, query: EventsQuery): Promise<void>;
  /** Responds with a stream that contains the error and the time to reconnect, and ends. */
  refuse(response: Response, error: ReplyError): void;
}

export interface EventRoutesDeps {
  calls: Calls;
  eventStreams: EventStreams;
}

/** Events of any kind, in and out. */
export function addEventRoutes(
  routes: IRouter,
  { calls: { sessionOf, run, assertStillGood, eventsOf }, eventStreams }: EventRoutesDeps,
): void {
  async function serveStream(request: Request, response: Response): Promise<void> {
    try {
      await sessionOf(request);
      const lastEventId = request.get("last-event-id");
      // A reader that reconnects by itself repeats its URL and sends its position in a header.
      const given = lastEventId === undefined ? request.query : { ...request.query, after: lastEventId };
      await eventStreams.serve(request, response, parse(EventsQuery, given, "query"));
    } catch (error) {
      if (!(error instanceof Rejection) || !isTemporary(error.error)) throw error;
      eventStreams.refuse(response, error.error);
    }
  }

  routes.post("/events", async (request, response) => {
    const session = await sessionOf(request, ["service"]);
    const events = eventsOf(request);
    response.status(201).json(await run<"http", "publish_events">(session, "publish_events", { events }));
  });

  routes.get("/events", async (request, response, next) => {
    // An event stream has no response to HEAD.
    if (request.method !== "GET") return next();
    const isStream = request.accepts(["json", "text/event-stream"]) === "text/event-stream";
    if (isStream) return serveStream(request, response);
    // Before the query is checked, so that only authenticated clients learn of its faults.
    const session = await sessionOf(request);
    const query = parse(EventsQuery, request.query, "query");
    response.once("close", () => void session.closed("closed"));
    const { topics, ...rest } = query;
    response.set("Cache-Control", "no-store");
    const answer = await run<"http", "read_events">(session, "read_events", { ...topics, ...rest });
    assertStillGood(session);
    response.json(answer);
  });

  routes.all("/events", onlyWith("GET", "POST"));
}

/**
 * Errors that a later attempt may not meet. An `EventSource` gives up for good at any status but 200, so a short outage
 * of the store, a limit or a stopping instance would end it.
 */
const isTemporary = ({ code, retryable }: ReplyError) => retryable || code === "limit_exceeded";
