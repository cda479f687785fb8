import { createServer } from "node:http";
import { z } from "zod";
import { listening } from "./listening.ts";

const Value = z
  .object({ stringValue: z.string() })
  .or(z.object({ intValue: z.number() }))
  .or(z.looseObject({}));
const ReceivedSpan = z.looseObject({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  kind: z.number(),
  startTimeUnixNano: z.string(),
  endTimeUnixNano: z.string(),
  attributes: z.array(z.object({ key: z.string(), value: Value })),
  status: z.looseObject({ code: z.number(), message: z.string().optional() }),
});
const Traces = z.object({
  resourceSpans: z.array(
    z.looseObject({
      resource: z.looseObject({ attributes: z.array(z.object({ key: z.string(), value: Value })) }),
      scopeSpans: z.array(z.looseObject({ spans: z.array(ReceivedSpan) })),
    }),
  ),
});
type Attributes = z.infer<typeof ReceivedSpan>["attributes"];

export interface ReceivedSpan extends Omit<z.infer<typeof ReceivedSpan>, "attributes"> {
  service: unknown;
  instance: unknown;
  attributes: Record<string, unknown>;
}

/** A collector of traces: takes OTLP over HTTP, in JSON, and holds it against the protocol. */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  readonly url: string;

  private constructor(url: string) {
    this.url = url;
  }

  /** Closed after the test. */
  static async start(): Promise<OtlpReceiver> {
    const server = createServer(async (request, response) => {
      let text = "";
      for await (const part of request.setEncoding("utf8")) text += part;
      if (request.method !== "POST" || request.url !== "/v1/traces") return void response.writeHead(404).end();
      receiver.#take(Traces.parse(JSON.parse(text)));
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
    const receiver = new OtlpReceiver(await listening(server));
    return receiver;
  }

  named(name: string): ReceivedSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  #take({ resourceSpans }: z.infer<typeof Traces>): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      const { "service.name": service, "service.instance.id": instance } = plain(resource.attributes);
      for (const span of scopeSpans.flatMap(({ spans }) => spans)) {
        this.spans.push({ ...span, service, instance, attributes: plain(span.attributes) });
      }
    }
  }
}

const plain = (attributes: Attributes): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
