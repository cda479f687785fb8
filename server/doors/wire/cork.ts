import type { Socket } from "node:net";

/**
 * What is written to the connection in this turn of the event loop, by whomever, goes out in one write when the turn
 * ends, or when what is returned is called.
 */
export function corkForThisTurn(socket: Socket): () => void {
  let isCorked = true;
  const uncork = () => {
    if (!isCorked) return;
    isCorked = false;
    socket.uncork();
  };
  socket.cork();
  setImmediate(uncork);
  return uncork;
}
