import type { Broadcast, BroadcastMessage } from "../../deliver/broadcast.ts";
import type { SocketIoServer } from "./socket-io-server.ts";

/** Event name of broadcasts between instances; clients cannot send it. */
const name = "signalbox:broadcast";

/** The methods of a namespace used for broadcasts. */
interface Bus {
  on(name: string, listener: (message: BroadcastMessage) => void): void;
  serverSideEmit(name: string, message: BroadcastMessage): boolean;
}

/** Delivers to this instance synchronously with `local`, and to the others through the Socket.IO adapter. */
export function createAdapterBroadcast(io: SocketIoServer, local: Broadcast): Broadcast {
  const bus: Bus = io.of("/chat");
  bus.on(name, (message) => local.send(message));
  return {
    send(message) {
      bus.serverSideEmit(name, message);
      local.send(message);
    },
    listen: (listener) => local.listen(listener),
  };
}
