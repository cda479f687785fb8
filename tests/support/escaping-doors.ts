import type { Namespace } from "../../shared/namespace.ts";
import type { Reply } from "../../shared/reply.ts";
import { escaped } from "./escaped.ts";
import { RawEngine } from "./raw-engine.ts";
import { RawPolling } from "./raw-polling.ts";
import type { TestServer } from "./server.ts";

export type Send = (command: string, payload: unknown) => Promise<Reply<unknown>>;

/** The doors of commands; each sends JSON as badly escaped as it allows. */
export const doors: Record<string, (server: TestServer, namespace: Namespace, token: string) => Promise<Send>> = {
  async "Socket.IO over a WebSocket"(server, namespace, token) {
    const raw = await new RawEngine(server.url).open();
    raw.send(`40${namespace},${JSON.stringify({ token })}`);
    await raw.packet((packet) => packet.includes("system.connection.established"));
    let id = 0;
    return async (command, payload) => {
      raw.send(`42${namespace},${++id}["${command}",${escaped(payload)}]`);
      const start = `43${namespace},${id}[`;
      const packet = await raw.packet((text) => text.startsWith(start));
      return JSON.parse(packet.slice(start.length - 1))[0];
    };
  },
  async "Socket.IO over HTTP"(server, namespace, token) {
    const raw = await RawPolling.open(server.url);
    await raw.send(`40${namespace},${JSON.stringify({ token })}`);
    await raw.packet(`42${namespace},["system.connection.established"`);
    let id = 0;
    return async (command, payload) => {
      await raw.send(`42${namespace},${++id}["${command}",${escaped(payload)}]`);
      return JSON.parse((await raw.packet(`43${namespace},${id}[`)).slice(0, -1));
    };
  },
  async "/ws"(server, _namespace, token) {
    const client = server.rawWebSocket(`/ws?token=${token}`);
    await client.inbox.one("system.connection.established");
    return async (command, payload) => {
      client.socket.send(`{"type":${escaped(command)},"id":"1","payload":${escaped(payload)}}`);
      const { payload: reply } = await client.inbox.one<{ payload: Reply<unknown> }>("reply");
      return reply;
    };
  },
};
