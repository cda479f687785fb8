/** What is told of a span. No text of people, and no token. */
export type Attributes = Record<string, string | number | boolean>;

export interface SpanStart {
  /** Default: something that happens within the server. */
  kind?: "server" | "producer" | "consumer";
  /** `traceparent` of W3C Trace Context; one that is malformed counts for none. Default: the span that is open here. */
  parent?: string | undefined;
  /** Milliseconds since 1970. Default: now. */
  startedAt?: number;
  attributes?: Attributes;
}

/** Something that takes time. */
export interface Span {
  /** How others name it as their parent: W3C Trace Context. */
  readonly traceparent: string;
  rename(name: string): void;
  set(attributes: Attributes): void;
  /** Calls it, and whatever it begins has this span for a parent. */
  within<T>(run: () => T): T;
  /** With why, if it failed. */
  end(failure?: string): void;
}

/** Where the time goes, for a collector of traces. There is none unless a setting asks for it. */
export interface Spans {
  start(name: string, start?: SpanStart): Span;
  /** `traceparent` of the span that is open here. */
  current(): string | undefined;
  /** What has not been sent yet is sent, if that takes no longer than a moment. */
  close(): Promise<void>;
}
