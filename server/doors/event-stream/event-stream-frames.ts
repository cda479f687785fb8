import type { ServerResponse } from "node:http";
import type { Envelope } from "../../../shared/envelope.ts";
import { formatPosition, type Position } from "../../../shared/position.ts";
import { jsonOf } from "../../runtime/event-json.ts";

/** An event; one that is in a log has its position for an id. Without a name, so that `onmessage` hears all of them. */
export function frameOf(event: Envelope): string {
  const id = event.position ? `id: ${formatPosition(event.position)}\n` : "";
  return `${id}data: ${jsonOf(event)}\n\n`;
}

/** A `system.*` message, under its name; one that moves the reader to a position has that for an id. */
export function systemFrameOf(name: string, data: unknown, position?: Position): string {
  const id = position ? `id: ${formatPosition(position)}\n` : "";
  return `${id}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Moves the reader on without an event: what lies between did not match. */
export function positionFrameOf(position: Position): string {
  return `id: ${formatPosition(position)}\n\n`;
}

export const heartbeatFrame = ": heartbeat\n\n";

/** How long a reader is to wait before it connects again. */
export function retryFrameOf(ms: number): string {
  return `retry: ${Math.round(ms)}\n\n`;
}

/** Writes the head of a stream, with what keeps proxies from buffering or changing it. */
export function startEventStream(response: ServerResponse): void {
  response.writeHead(200, {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no",
  });
  response.socket?.setNoDelay(true);
}
