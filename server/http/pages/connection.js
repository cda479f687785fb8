import { io } from "/socket.io/socket.io.esm.min.js";

export const tokenKey = "signalbox.token";
const replyMs = 15_000;

/** Who the server says we are. */
export const me = { userId: undefined };

export const socket = io("/chat", {
  autoConnect: false,
  auth: (give) => give({ token: sessionStorage.getItem(tokenKey), autoJoin: false }),
  // A server may be set to one of these only, and has no other.
  transports: ["polling", "websocket"],
  tryAllTransports: true,
  reconnectionDelayMax: 5_000,
});

const unanswered = { code: "unanswered", message: "The server has not answered.", retryable: true };

/**
 * Resolves with what `take` makes of the reply's data; rejects with the protocol's error.
 * `take` is called at once and not a turn later, since the events that follow the reply may be in the same packet.
 */
export function request(command, payload, take = (data) => data) {
  return new Promise((resolve, reject) => {
    if (!socket.connected) return reject(unanswered);
    socket.timeout(replyMs).emit(command, payload, (error, reply) => {
      if (error) reject(unanswered);
      else if (!reply.ok) reject(reply.error);
      else resolve(take(reply.data));
    });
  });
}
