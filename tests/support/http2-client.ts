import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders } from "node:http2";
import { afterEach } from "@jest/globals";

const opened: ClientHttp2Session[] = [];
afterEach(() => {
  for (const session of opened.splice(0)) session.destroy();
});

/** What one stream of the connection has brought so far. */
export interface Http2Answer {
  status: number;
  text(): string;
  ended(): boolean;
}

/** One connection of HTTP/2. */
export class Http2Client {
  readonly #session: ClientHttp2Session;

  private constructor(session: ClientHttp2Session) {
    this.#session = session;
  }

  /** Resolves when the server's settings are known. Closed after the test. */
  static async connect(url: string, ca: string): Promise<Http2Client> {
    const session = connect(url, { ca });
    opened.push(session);
    session.on("error", () => {});
    await once(session, "remoteSettings");
    return new Http2Client(session);
  }

  /** Resolves with the head of the answer. */
  request(headers: Record<string, string>, body?: string): Promise<Http2Answer> {
    const stream = this.#session.request(headers, { endStream: body === undefined });
    if (body !== undefined) stream.end(body);
    return answerOf(stream);
  }

  /** A WebSocket as RFC 8441 has it; what it brings are frames as they are on the wire. */
  webSocket(path: string): Promise<Http2Answer> {
    const method = { ":method": "CONNECT", ":protocol": "websocket", ":path": path };
    return answerOf(this.#session.request({ ...method, "sec-websocket-version": "13" }, { endStream: false }));
  }
}

async function answerOf(stream: ClientHttp2Stream): Promise<Http2Answer> {
  let [text, ended] = ["", false];
  stream.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  stream.on("error", () => {});
  stream.on("close", () => {
    ended = true;
  });
  const [headers] = (await once(stream, "response")) as [IncomingHttpHeaders & { ":status"?: number }];
  return { status: headers[":status"] ?? 0, text: () => text, ended: () => ended };
}
