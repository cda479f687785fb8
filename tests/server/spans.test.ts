import { describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import { asService, dispatch, result } from "../support/dispatching.ts";
import { OtlpReceiver, type ReceivedSpan } from "../support/otlp-receiver.ts";
import { startServer } from "../support/server.ts";
import { storeEnv, stores } from "../support/stores.ts";
import { startAgent } from "../support/test-agent.ts";
import { eventually } from "../support/within.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const callersSpan = "00f067aa0ba902b7";
const traceparent = `00-${traceId}-${callersSpan}-01`;

const tracing = (receiver: OtlpReceiver) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });

/** The one span of this name, when it has arrived. */
async function spanOf(receiver: OtlpReceiver, name: string): Promise<ReceivedSpan> {
  await eventually(() => receiver.named(name).length > 0, `the span ${name}`);
  const [span, ...others] = receiver.named(name);
  expect(others).toEqual([]);
  if (!span) throw new Error(name);
  return span;
}

describe.each(stores)("traces for OpenTelemetry (%s)", (store) => {
  it("OTEL-1 the steps of an event are in its publisher's trace: request, command, append, delivery", async () => {
    const receiver = await OtlpReceiver.start();
    const server = await startServer({ store, env: { ...tracing(receiver), OTEL_SERVICE_NAME: "rooms" } });
    const [ada] = await server.conversation("42", "ada", "bob");

    const { body } = await server.request("POST", "/api/conversations/42/messages", {
      body: { message: "a secret between us" },
      headers: { traceparent },
    });
    await ada.one(EventType.ChatMessage);

    const request = await spanOf(receiver, "POST /api/conversations/:id/messages");
    const command = await spanOf(receiver, "chat_message");
    const publish = await spanOf(receiver, "publish chat_message");
    const deliver = await spanOf(receiver, "deliver chat_message");
    const chain = [request, command, publish, deliver];
    expect(chain.map((span) => span.traceId)).toEqual(chain.map(() => traceId));
    expect(chain.map(({ parentSpanId }) => parentSpanId)).toEqual([
      callersSpan,
      request.spanId,
      command.spanId,
      publish.spanId,
    ]);
    expect(request).toMatchObject({ service: "rooms", attributes: { "http.response.status_code": 201 } });
    const event = { "signalbox.event": body.id, "signalbox.room": "conversation:42" };
    expect(publish.attributes).toMatchObject({ ...event, "signalbox.offset": 1, "signalbox.duplicate": false });
    expect(deliver.attributes).toMatchObject({ ...event, "signalbox.receivers": 2 });
    expect(JSON.stringify(receiver.spans)).not.toContain("a secret between us");
  });

  it("OTEL-2 a dispatch is in the trace of its creator, with every attempt, until it ends", async () => {
    const receiver = await OtlpReceiver.start();
    const server = await startServer({ store, env: tracing(receiver) });
    const agent = await startAgent(server, "coder");
    const headers = { traceparent };
    const body = { agentId: "coder", content: "do it", maxAttempts: 2 };

    const given = await server.request("POST", "/api/dispatches", { ...asService, body, headers });
    const messageId = String(given.body.messageId);
    await agent.respond(await agent.nextDispatch());
    await result(server, messageId);
    const untraced = await dispatch(server, { agentId: "coder" });
    await agent.respond(await agent.nextDispatch(), { error: "no" });
    await result(server, untraced.messageId);

    const ownSpans = () => receiver.spans.filter(({ attributes }) => attributes["signalbox.dispatch"] === messageId);
    const findCommand = () =>
      receiver.spans.find(({ name, traceId: of }) => name === "create_dispatch" && of === traceId);
    await eventually(() => receiver.named("dispatch").length === 2, "both to have ended");
    await eventually(() => ownSpans().length === 4 && findCommand() !== undefined, "what happened on the way");
    const [own, command] = [ownSpans(), findCommand()];
    expect(own.map(({ name }) => name).toSorted()).toEqual([
      "dispatch",
      "dispatch accepted",
      "dispatch attempt over",
      "dispatch given",
    ]);
    for (const span of own) expect(span).toMatchObject({ traceId, parentSpanId: command?.spanId });
    const failed = receiver.named("dispatch").find(({ traceId: of }) => of !== traceId);
    expect(failed).toMatchObject({ status: { code: 2, message: "failed" }, attributes: { "signalbox.attempts": 1 } });
  });
});

describe("traces for OpenTelemetry", () => {
  it("OTEL-2 a dispatch that ends at another instance is in the trace of its creator", async () => {
    const receiver = await OtlpReceiver.start();
    const env = { ...(await storeEnv("redis")), ...tracing(receiver) };
    const [here, there] = [await startServer({ store: "redis", env }), await startServer({ store: "redis", env })];
    const agent = await startAgent(there, "coder");

    const body = { agentId: "coder", content: "do it" };
    const { body: given } = await here.request("POST", "/api/dispatches", {
      ...asService,
      body,
      headers: { traceparent },
    });
    await agent.respond(await agent.nextDispatch());
    await result(here, String(given.messageId));

    const [ended, asked] = [await spanOf(receiver, "dispatch"), await spanOf(receiver, "POST /api/dispatches")];
    expect([ended.traceId, asked.traceId]).toEqual([traceId, traceId]);
    expect([ended.instance, asked.instance]).toEqual([there.server.instanceId, here.server.instanceId]);
  });

  it("OTEL-3 a refused command has the reason, an unknown command is not named, and a malformed parent is ignored", async () => {
    const receiver = await OtlpReceiver.start();
    const server = await startServer({ store: "memory", env: tracing(receiver) });
    const ada = await server.connect("ada");

    await ada.refused("made-up-by-a-client", {});
    await ada.refused("join_room", { room: "conversation:none" });
    for (const malformed of ["00-0-0-01", `00-${"0".repeat(32)}-${callersSpan}-01`, "x".repeat(5_000)]) {
      await server.request("GET", "/api/conversations", { headers: { traceparent: malformed } });
    }

    expect(await spanOf(receiver, "unknown command")).toMatchObject({ status: { message: "unknown_command" } });
    expect(await spanOf(receiver, "join_room")).toMatchObject({ status: { message: "not_found" } });
    const requests = () => receiver.named("GET /api/conversations");
    await eventually(() => requests().length === 3, "the requests");
    expect(requests().filter(({ parentSpanId }) => parentSpanId)).toEqual([]);
    expect(JSON.stringify(receiver.spans)).not.toMatch(/made-up-by-a-client|eyJ/);
  });

  it("OTEL-4 of traces that begin here a share is sampled, and of a caller's traces those that the caller samples", async () => {
    const receiver = await OtlpReceiver.start();
    const env = { ...tracing(receiver), OTEL_TRACES_SAMPLER_ARG: "0" };
    const server = await startServer({ store: "memory", env });

    await server.request("GET", "/api/conversations");
    await server.request("GET", "/api/conversations", { headers: { traceparent } });
    await server.server.close();

    expect(new Set(receiver.spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
  });

  it("OTEL-5 a collector that is down has no effect except a line in the log", async () => {
    const receiver = await OtlpReceiver.start();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `${receiver.url}/elsewhere` };
    const server = await startServer({ store: "memory", env });

    const { status } = await server.request("GET", "/api/conversations");
    await eventually(() => server.lines.some((line) => line.includes("traces could not be sent")), "the line");

    expect(status).toBe(200);
    expect(receiver.spans).toEqual([]);
  });
});
