import type { Answer, Input } from "../sending/command-policies.ts";
import type { SendCommand } from "../sending/send-command.ts";

/** An answer that is being written. */
export interface StreamedResponse {
  readonly responseId: string;
  /** The next piece. Rejects where its outcome is not known; the end brings the whole text all the same. */
  delta(text: string): Promise<void>;
  /** The whole text; without it, the pieces so far. Resolves when it is in the log. */
  end(message?: string, options?: Pick<Input<"chat_response">, "usage">): Promise<Answer<"chat_response">>;
  fail(message?: string): Promise<Answer<"chat_response">>;
}

export interface ResponseOptions {
  conversationId: string;
  room: string;
  responseId: string;
  inReplyTo?: string;
}

export function createResponse(options: ResponseOptions, send: SendCommand): StreamedResponse {
  const { conversationId, room, responseId, inReplyTo } = options;
  const about = { conversationId, responseId, ...(inReplyTo === undefined ? {} : { inReplyTo }) };
  let written = "";

  const finish = (status: "complete" | "failed", message: string, usage?: Input<"chat_response">["usage"]) =>
    send("chat_response", { ...about, message, status, ...(usage ? { usage } : {}) }, room);

  return {
    responseId,
    async delta(text) {
      written += text;
      await send("chat_response_delta", { ...about, delta: text }, room);
    },
    end: (message = written, { usage } = {}) => finish("complete", message, usage),
    fail: (message = written) => finish("failed", message),
  };
}
