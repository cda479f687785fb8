import type { ServerResponse } from "node:http";
import type { Envelope } from "../../../shared/envelope.ts";
import { formatPosition, type Position } from "../../../shared/position.ts";
import { jsonOf } from "../../runtime/event-json.ts";

/** An event, with its position as id if it is logged. Has no name, so that `onmessage` receives all events. */
export function frameOf(event: Envelope): string {
  const id = event.position ? `id: ${formatPosition(event.position)}\n` : "";
  return `${id}data: ${jsonOf(event)}\n\n`;
}

/** A `system.*` message, with its name as the frame's; one that sets the reader's position has that as id. */
export function systemFrameOf(name: string, data: unknown, position?: Position): string {
  const id = position ? `id: ${formatPosition(position)}\n` : "";
  return `${id}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Advances the reader's position without an event, past events that do not match. */
export function positionFrameOf(position: Position): string {
  return `id: ${formatPosition(position)}\n\n`;
}

export const heartbeatFrame = ": heartbeat\n\n";

/** The time after which a reader reconnects. */
export function retryFrameOf(ms: number): string {
  return `retry: ${Math.round(ms)}\n\n`;
}

/** Writes the head of a stream, with headers that keep proxies from buffering or changing it. */
export function startEventStream(response: ServerResponse): void {
  response.writeHead(200, {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store, no-transform",
    // Caddy 2.6 with `encode` heeds no Cache-Control: it would hold a stream that begins with more than 512 bytes.
    "Content-Encoding": "identity",
    "X-Accel-Buffering": "no",
  });
  response.socket?.setNoDelay(true);
}
