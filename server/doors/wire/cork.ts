import type { Socket } from "node:net";

/** Of this turn of the event loop. */
const corked: Socket[] = [];

/**
 * What is written to the connection in this turn of the event loop, by whomever, goes out in one write when the turn
 * ends; with those of others, whose readers are woken together.
 */
export function corkForThisTurn(socket: Socket): void {
  socket.cork();
  if (corked.push(socket) === 1) setImmediate(uncorkAll);
}

function uncorkAll(): void {
  for (const socket of corked.splice(0)) socket.uncork();
}
