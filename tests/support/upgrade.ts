import { randomBytes } from "node:crypto";
import { request } from "node:http";
import type { Duplex } from "node:stream";
import { afterEach } from "@jest/globals";
import { within } from "./within.ts";

const opened: Duplex[] = [];
afterEach(() => {
  for (const socket of opened.splice(0)) socket.destroy();
});

/** Asks for a WebSocket at a path by hand. The answer's status, and the bare connection if it is one of ours now. */
export function upgrade(
  serverUrl: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; socket?: Duplex }> {
  const { hostname, port } = new URL(serverUrl);
  const answer = new Promise<{ status: number; socket?: Duplex }>((resolve, reject) => {
    const asking = request({
      hostname,
      port,
      path,
      headers: {
        Connection: "Upgrade",
        Upgrade: "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
        ...headers,
      },
    });
    asking.on("socket", (socket) => opened.push(socket));
    asking.on("upgrade", (response, socket) => resolve({ status: response.statusCode ?? 0, socket }));
    asking.on("response", (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0 });
    });
    asking.on("error", reject);
    asking.end();
  });
  return within(answer, `an answer to the upgrade at ${path}`);
}
