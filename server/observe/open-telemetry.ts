import { AsyncLocalStorage } from "node:async_hooks";
import type { Context } from "@opentelemetry/api";
import type { SpanExporter } from "@opentelemetry/sdk-trace";
import { withTimeout } from "../runtime/with-timeout.ts";
import type { Span, SpanStart, Spans } from "./spans.ts";

export interface OpenTelemetryOptions {
  /** URL of a collector that speaks OTLP over HTTP; `/v1/traces` is added. */
  endpoint: string;
  serviceName: string;
  instanceId: string;
  /** The share of traces beginning here that is sampled. A request with a parent follows the parent's decision. */
  ratio: number;
  /** Called when spans could not be sent; they are lost. */
  failed(error: unknown): void;
}

/** How long spans are collected before they are sent, in milliseconds. */
const gatherMs = 1_000;
/** How long a stopping server waits for the last spans to be sent. */
const closeMs = 2_000;

/** The packages are optional and loaded only when this is called. */
export async function openTelemetry(options: OpenTelemetryOptions): Promise<Spans> {
  const { api, core, resources, sdk, otlp } = await load();
  const { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } = api;
  const exporter = new otlp.OTLPTraceExporter({ url: `${options.endpoint.replace(/\/$/, "")}/v1/traces` });
  const provider = new sdk.TracerProvider({
    resource: resources.resourceFromAttributes({
      "service.name": options.serviceName,
      "service.instance.id": options.instanceId,
    }),
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(options.ratio) }),
    spanProcessors: [
      new sdk.BatchSpanProcessor({ exporter: reporting(exporter, options.failed), scheduledDelayMillis: gatherMs }),
    ],
  });
  const tracer = provider.getTracer("signalbox");
  const traceContext = new core.W3CTraceContextPropagator();
  const kinds = { server: SpanKind.SERVER, producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER };
  const here = new AsyncLocalStorage<{ context: Context; traceparent: string }>();

  const contextOf = (parent: string | undefined): Context =>
    parent === undefined
      ? ROOT_CONTEXT
      : traceContext.extract(ROOT_CONTEXT, { traceparent: parent }, api.defaultTextMapGetter);

  return {
    start(name, start: SpanStart = {}): Span {
      const { kind, startedAt, attributes = {} } = start;
      const within = "parent" in start ? contextOf(start.parent) : (here.getStore()?.context ?? ROOT_CONTEXT);
      const span = tracer.startSpan(
        name,
        { kind: kind ? kinds[kind] : SpanKind.INTERNAL, attributes, ...(startedAt && { startTime: startedAt }) },
        within,
      );
      const context = trace.setSpan(within, span);
      const { traceId, spanId, traceFlags } = span.spanContext();
      const traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
      return {
        traceparent,
        rename: (other) => void span.updateName(other),
        set: (more) => void span.setAttributes(more),
        within: (run) => here.run({ context, traceparent }, run),
        end(failure) {
          if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
          span.end();
        },
      };
    },
    current: () => here.getStore()?.traceparent,
    async close() {
      await withTimeout(provider.shutdown(), closeMs).catch(options.failed);
    },
  };
}

const packages = [
  "@opentelemetry/api@1.9.1",
  "@opentelemetry/core@2.12.1",
  "@opentelemetry/resources@2.12.1",
  "@opentelemetry/sdk-trace@2.12.1",
  "@opentelemetry/exporter-trace-otlp-http@0.223.1",
];

async function load() {
  try {
    const [api, core, resources, sdk, otlp] = await Promise.all([
      import("@opentelemetry/api"),
      import("@opentelemetry/core"),
      import("@opentelemetry/resources"),
      import("@opentelemetry/sdk-trace"),
      import("@opentelemetry/exporter-trace-otlp-http"),
    ]);
    return { api, core, resources, sdk, otlp };
  } catch (cause) {
    const install = `npm install ${packages.join(" ")}`;
    throw new Error(`OTEL_EXPORTER_OTLP_ENDPOINT: traces need packages that are not installed:\n  ${install}`, {
      cause,
    });
  }
}

/** The same exporter, with failures reported; the exporter itself ignores them. */
function reporting(exporter: SpanExporter, failed: (error: unknown) => void): SpanExporter {
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.error) failed(result.error);
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}
