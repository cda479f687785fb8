import type { Cancel } from "../connection/environment.ts";
import type { Answer, Input } from "../sending/command-policies.ts";
import type { SendCommand } from "../sending/send-command.ts";

/** An answer that is being written. */
export interface StreamedResponse {
  readonly responseId: string;
  /** Aborted when somebody in the conversation wants no more of it; who that is stands in its `reason`. Then: `cancel`. */
  readonly signal: AbortSignal;
  /** The next piece. Rejects where its outcome is not known; the end brings the whole text all the same. */
  delta(text: string): Promise<void>;
  /** The whole text; without it, the pieces so far. Resolves when it is in the log. */
  end(message?: string, options?: Pick<Input<"chat_response">, "usage">): Promise<Answer<"chat_response">>;
  /** Ends it as failed, with what there is of it. */
  fail(message?: string): Promise<Answer<"chat_response">>;
  /** Ends it as cancelled, with what there is of it. */
  cancel(message?: string): Promise<Answer<"chat_response">>;
}

/** Somebody wants an answer to be stopped that is written by this user. */
export interface Cancellation {
  responseId: string;
  reason: string;
}

export interface ResponseOptions {
  conversationId: string;
  room: string;
  responseId: string;
  inReplyTo?: string;
}

export interface ResponseDeps {
  send: SendCommand;
  onCancel(listener: (cancellation: Cancellation) => void): Cancel;
}

export function createResponse(options: ResponseOptions, { send, onCancel }: ResponseDeps): StreamedResponse {
  const { conversationId, room, responseId, inReplyTo } = options;
  const about = { conversationId, responseId, ...(inReplyTo === undefined ? {} : { inReplyTo }) };
  const stopping = new AbortController();
  const stopListening = onCancel((cancellation) => {
    if (cancellation.responseId === responseId) stopping.abort(cancellation.reason);
  });
  let written = "";

  function finish(status: Input<"chat_response">["status"], message: string, usage?: Input<"chat_response">["usage"]) {
    stopListening();
    return send("chat_response", { ...about, message, status, ...(usage ? { usage } : {}) }, room);
  }

  return {
    responseId,
    signal: stopping.signal,
    async delta(text) {
      written += text;
      await send("chat_response_delta", { ...about, delta: text }, room);
    },
    end: (message = written, { usage } = {}) => finish("complete", message, usage),
    fail: (message = written) => finish("failed", message),
    cancel: (message = written) => finish("cancelled", message),
  };
}
