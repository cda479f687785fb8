import { EventSpans } from "../observe/event-spans.ts";
import type { Spans } from "../observe/spans.ts";
import type { Foundation } from "./foundation.ts";

type TracingDeps = Pick<Foundation, "config" | "instanceId" | "logger" | "closers">;

/** Opens OpenTelemetry if it is configured. Otherwise none of it is loaded, and no code path does work for it. */
export async function openTracing({ config, instanceId, logger, closers }: TracingDeps): Promise<{
  spans: Spans | undefined;
  eventSpans: EventSpans | undefined;
}> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SERVICE_NAME: serviceName } = config;
  if (endpoint === undefined) return { spans: undefined, eventSpans: undefined };
  const { openTelemetry } = await import("../observe/open-telemetry.ts");
  const failed = (error: unknown) => logger.warn("traces could not be sent", { error });
  const ratio = config.OTEL_TRACES_SAMPLER_ARG;
  const spans = await openTelemetry({ endpoint, serviceName, instanceId, ratio, failed });
  closers.add("traces", () => spans.close());
  return { spans, eventSpans: new EventSpans(spans) };
}
