import type { Broadcast, BroadcastMessage } from "../../deliver/broadcast.ts";
import type { SocketIoServer } from "./socket-io-server.ts";

/** Name of the messages between instances; no client can send one. */
const name = "signalbox:broadcast";

/** The part of a namespace that instances talk over. */
interface Bus {
  on(name: string, listener: (message: BroadcastMessage) => void): void;
  serverSideEmit(name: string, message: BroadcastMessage): boolean;
}

/** Tells this instance at once, by its own broadcast, and the others over the channel of the Socket.IO adapter. */
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
