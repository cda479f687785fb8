import type { Socket } from "socket.io";

const forgotten = Object.freeze({});

/** Releases the first request, which takes more memory than all the rest of an idle connection. */
export function forgetRequest(socket: Pick<Socket, "handshake" | "conn">): void {
  Reflect.set(socket, "handshake", forgotten);
  // Recommended by the library's manual; its types do not include it.
  Reflect.set(socket.conn, "request", null);
}

/** The properties that {@link forgetRequest} has not replaced. */
export function unforgottenPartsOf({ handshake, conn }: Pick<Socket, "handshake" | "conn">): string[] {
  return [
    ...(Object.is(handshake, forgotten) ? [] : ["handshake"]),
    ...(Object.is(conn.request, null) ? [] : ["conn.request"]),
  ];
}
