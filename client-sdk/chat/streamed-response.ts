import type { Cancel } from "../connection/environment.ts";
import type { Answer, Input } from "../sending/command-policies.ts";
import type { SendCommand } from "../sending/send-command.ts";
import { SignalboxError } from "../signalbox-error.ts";

/** A response that is being streamed by this client. */
export interface StreamedResponse {
  readonly responseId: string;
  /** Aborted when a member asks to stop the response, or the server has ended it, with the reason. Call `cancel` then. */
  readonly signal: AbortSignal;
  /**
   * Sends the next piece. Rejects when it may not have arrived (`end` sends the whole text in any case), and with
   * `conflict` when the server has ended the response.
   */
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
  onConnected(listener: () => void): Cancel;
}

export function createResponse(
  options: ResponseOptions,
  { send, onCancel, onConnected }: ResponseDeps,
): StreamedResponse {
  const { conversationId, room, responseId, inReplyTo } = options;
  const about = { conversationId, responseId, ...(inReplyTo === undefined ? {} : { inReplyTo }) };
  const stopping = new AbortController();
  const listening = [
    onCancel((cancellation) => {
      if (cancellation.responseId === responseId) stopping.abort(cancellation.reason);
    }),
    // The server ends a response whose producer does not come back, and may have been asked to stop it meanwhile.
    onConnected(() => {
      if (hasBegun) sendPiece({}).catch(() => {});
    }),
  ];
  let hasBegun = false;
  let text = "";

  async function sendPiece(piece: { delta?: string }): Promise<void> {
    hasBegun = true;
    try {
      const { cancel } = await send("chat_response_delta", { ...about, ...piece }, room);
      if (cancel) stopping.abort("cancelled");
    } catch (error) {
      if (error instanceof SignalboxError && error.code === "conflict") stopping.abort(error.message);
      throw error;
    }
  }

  function finish(status: Input<"chat_response">["status"], message: string, usage?: Input<"chat_response">["usage"]) {
    for (const stopListening of listening) stopListening();
    return send("chat_response", { ...about, message, status, ...(usage ? { usage } : {}) }, room);
  }

  return {
    responseId,
    signal: stopping.signal,
    async delta(delta) {
      text += delta;
      await sendPiece({ delta });
    },
    end: (message = text, { usage } = {}) => finish("complete", message, usage),
    fail: (message = text) => finish("failed", message),
    cancel: (message = text) => finish("cancelled", message),
  };
}
