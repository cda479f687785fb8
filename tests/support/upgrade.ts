import { randomBytes } from "node:crypto";
import { request } from "node:http";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { afterEach } from "@jest/globals";
import { within } from "./within.ts";

const opened: Duplex[] = [];
afterEach(() => {
  for (const socket of opened.splice(0)) socket.destroy();
});

interface UpgradeAnswer {
  status: number;
  body?: string;
  socket?: Duplex;
}

/** Asks for a WebSocket at a path by hand. The answer's status and text, and the bare connection if there is one. */
export function upgrade(serverUrl: string, path: string, headers: Record<string, string> = {}): Promise<UpgradeAnswer> {
  const { hostname, port } = new URL(serverUrl);
  const answer = new Promise<UpgradeAnswer>((resolve, reject) => {
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
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
    asking.on("error", reject);
    asking.end();
  });
  return within(answer, `an answer to the upgrade at ${path}`);
}
