import type { Socket } from "node:net";

import { EndOfTurn } from "../../runtime/end-of-turn.ts";

const corked = new EndOfTurn<Socket>((sockets) => {
  for (const socket of sockets) socket.uncork();
});

/**
 * What is written to the connection in this turn of the event loop, by whomever, goes out in one write when the turn
 * ends; with those of others, whose readers are woken together.
 */
export function corkForThisTurn(socket: Socket): void {
  socket.cork();
  corked.add(socket);
}
