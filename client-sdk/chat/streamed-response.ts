import type { Cancel } from "../connection/environment.ts";
import type { Answer, Input } from "../sending/command-policies.ts";
import type { SendCommand } from "../sending/send-command.ts";

/** A response that is being streamed by this client. */
export interface StreamedResponse {
  readonly responseId: string;
  /** Aborted when a member asks to stop the response, with the reason. Call `cancel` then. */
  readonly signal: AbortSignal;
  /** Sends the next piece. Rejects when it may not have arrived; `end` sends the whole text in any case. */
  delta(text: string): Promise<void>;
  /** Finishes with the whole text. Default: the pieces so far. Resolves when the response is in the log. */
  end(message?: string, options?: Pick<Input<"chat_response">, "usage">): Promise<Answer<"chat_response">>;
  /** Finishes as failed, with the text so far. */
  fail(message?: string): Promise<Answer<"chat_response">>;
  /** Finishes as cancelled, with the text so far. */
  cancel(message?: string): Promise<Answer<"chat_response">>;
}

/** A request to stop a response that this user is streaming. */
export interface Cancellation {
  responseId: string;
  reason: string;
}

interface ResponseOptions {
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
  let text = "";

  function finish(status: Input<"chat_response">["status"], message: string, usage?: Input<"chat_response">["usage"]) {
    stopListening();
    return send("chat_response", { ...about, message, status, ...(usage ? { usage } : {}) }, room);
  }

  return {
    responseId,
    signal: stopping.signal,
    async delta(delta) {
      text += delta;
      await send("chat_response_delta", { ...about, delta }, room);
    },
    end: (message = text, { usage } = {}) => finish("complete", message, usage),
    fail: (message = text) => finish("failed", message),
    cancel: (message = text) => finish("cancelled", message),
  };
}
