import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, it } from "@jest/globals";
import { systemClock } from "../../server/runtime/clock.ts";
import type { EventLog } from "../../server/store/log/event-log.ts";
import { RawEngine } from "../support/raw-engine.ts";
import { startServer } from "../support/server.ts";
import { openStore, stores } from "../support/stores.ts";
import { tokenOf } from "../support/tokens.ts";
import { eventually, within } from "../support/within.ts";

describe.each(stores)("the Socket.IO door (%s)", (store) => {
  it("CONN-4 a client that disconnects during its admission leaves nothing behind", async () => {
    const { log } = await openStore(store, { clock: systemClock });
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    let follows = 0;
    let unfollows = 0;
    const slow: EventLog = {
      ...log,
      async follow(...args) {
        follows++;
        await gate;
        const unfollow = await log.follow(...args);
        return () => {
          unfollows++;
          unfollow();
        };
      },
    };
    const server = await startServer({ store, overrides: { log: slow, tails: { lingerMs: 0 } } });
    const ada = await new RawEngine(server.url).open();

    ada.send(`40/chat,${JSON.stringify({ token: tokenOf("ada") })}`);
    await eventually(() => follows > 0, "the log to be followed");
    ada.socket.close();
    await ada.ended();
    release();

    await eventually(() => follows === unfollows, "every log to be let go of");
  });

  it("CONN-2 a token in the header is valid for every namespace of its connection", async () => {
    const server = await startServer({ store });
    const extraHeaders = { authorization: `Bearer ${tokenOf("root", ["admin"])}` };
    const chat = await server.connect("root", { auth: { token: undefined }, io: { extraHeaders } });

    const admin = chat.socket.io.socket("/admin");
    const established = await within(
      new Promise((resolve, reject) => {
        admin.once("system.connection.established", resolve);
        admin.once("connect_error", reject);
      }),
      "the second namespace",
    );
    admin.disconnect();

    expect(established).toMatchObject({ userId: "root", namespace: "/admin" });
  });

  it("STOP-1 clients that do not respond do not delay the shutdown", async () => {
    const server = await startServer({ store });
    const ada = await new RawEngine(server.url).enterChat(tokenOf("ada"));
    ada.socket.pause();
    const unused = connect(server.server.port, "127.0.0.1");
    await once(unused, "connect");

    await within(server.server.close(), "the server to close");

    ada.socket.terminate();
    unused.destroy();
  });
});
