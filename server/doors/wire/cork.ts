import type { Socket } from "node:net";

import { EndOfTurn } from "../../runtime/end-of-turn.ts";

const corked = new EndOfTurn<Socket>((sockets) => {
  for (const socket of sockets) socket.uncork();
});

/**
 * Everything written to the socket in this turn of the event loop goes out in one write at its end, together with the
 * writes to other corked sockets, so that their readers wake together.
 */
export function corkForThisTurn(socket: Socket): void {
  socket.cork();
  corked.add(socket);
}
