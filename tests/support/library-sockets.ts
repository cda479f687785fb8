import { jest } from "@jest/globals";
import { Server } from "socket.io";

type LibrarySocket = Awaited<ReturnType<ReturnType<Server["of"]>["sockets"]["get"]>>;

/**
 * The sockets that the Socket.IO library keeps, of all servers that are started from now on: what it knows of its
 * connections shows nowhere else.
 */
export function watchLibrary(): { sockets(namespace: string): NonNullable<LibrarySocket>[] } {
  const servers = new Set<Server>();
  const original = Server.prototype.of;
  // The library opens the namespace `/` while it constructs a server.
  jest.spyOn(Server.prototype, "of").mockImplementation(function (this: Server, ...args) {
    servers.add(this);
    return original.apply(this, args);
  });
  return { sockets: (namespace) => [...servers].flatMap((server) => [...server.of(namespace).sockets.values()]) };
}
