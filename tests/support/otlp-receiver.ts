import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach } from "@jest/globals";
import { z } from "zod";

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
  attributes: Record<string, unknown>;
}

const opened: OtlpReceiver[] = [];
afterEach(async () => {
  for (const receiver of opened.splice(0)) await receiver.close();
});

/** A collector of traces: takes OTLP over HTTP, in JSON, and holds it against the protocol. */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer(async (request, response) => {
      let text = "";
      for await (const part of request.setEncoding("utf8")) text += part;
      if (request.method !== "POST" || request.url !== "/v1/traces") return void response.writeHead(404).end();
      for (const { resource, scopeSpans } of Traces.parse(JSON.parse(text)).resourceSpans) {
        const service = plain(resource.attributes)["service.name"];
        for (const span of scopeSpans.flatMap(({ spans }) => spans)) {
          this.spans.push({ ...span, service, attributes: plain(span.attributes) });
        }
      }
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  }

  /** Closed after the test. */
  static async start(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver();
    receiver.#server.listen(0, "127.0.0.1");
    await once(receiver.#server, "listening");
    opened.push(receiver);
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  named(name: string): ReceivedSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

const plain = (attributes: Attributes): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
