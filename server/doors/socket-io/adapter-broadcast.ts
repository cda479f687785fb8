import type { Broadcast, BroadcastMessage } from "../../deliver/broadcast.ts";
import type { SocketIoServer } from "./socket-io-server.ts";

/** Name of the messages between instances; no client can send one. */
const name = "signalbox:broadcast";

/** The part of a namespace that instances talk over. */
interface Bus {
  on(name: string, listener: (message: BroadcastMessage) => void): void;
  serverSideEmit(name: string, message: BroadcastMessage): boolean;
}

/** Tells this instance at once, and the others over the channel of the Socket.IO adapter, if it has one. */
export function createAdapterBroadcast(io: SocketIoServer): Broadcast {
  const listeners: ((message: BroadcastMessage) => void)[] = [];
  /** What a listener sends waits until all have heard what it answers to. */
  const waiting: BroadcastMessage[] = [];
  let telling = false;

  const tell = (message: BroadcastMessage) => {
    waiting.push(message);
    if (telling) return;
    telling = true;
    try {
      for (let next = waiting.shift(); next; next = waiting.shift()) for (const listener of listeners) listener(next);
    } finally {
      telling = false;
    }
  };

  const bus: Bus = io.of("/chat");
  bus.on(name, tell);
  return {
    send(message) {
      bus.serverSideEmit(name, message);
      tell(message);
    },
    listen(listener) {
      listeners.push(listener);
    },
  };
}
