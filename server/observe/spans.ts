/** Attributes of a span. Never user content or tokens. */
export type Attributes = Record<string, string | number | boolean>;

export interface SpanStart {
  /** Default: an operation inside the server. */
  kind?: "server" | "producer" | "consumer";
  /** `traceparent` of W3C Trace Context; ignored if malformed. Default: the current span. */
  parent?: string | undefined;
  /** Milliseconds since 1970. Default: now. */
  startedAt?: number;
  attributes?: Attributes;
}

/** An operation with a duration. */
export interface Span {
  /** For use as the parent of another span: W3C Trace Context. */
  readonly traceparent: string;
  rename(name: string): void;
  set(attributes: Attributes): void;
  /** Runs the function with this span as the current one. */
  within<T>(run: () => T): T;
  /** Ends the span; with `failure`, as failed. */
  end(failure?: string): void;
}

/** Creates spans for a trace collector. Absent unless configured. */
export interface Spans {
  start(name: string, start?: SpanStart): Span;
  /** `traceparent` of the current span. */
  current(): string | undefined;
  /** Sends the remaining spans, unless that takes too long. */
  close(): Promise<void>;
}
