import { describe, expect, it } from "@jest/globals";
import type { Client } from "../../client-sdk/index.ts";
import { BlockingProxy } from "../support/blocking-proxy.ts";
import { taskCreation, tell } from "../support/monitoring.ts";
import { startServer } from "../support/server.ts";
import { storeEnv, stores } from "../support/stores.ts";
import { eventually } from "../support/within.ts";
import { createNetwork } from "./network.ts";
import { connectSdk, inState, sdkClient } from "./sdk-client.ts";

const numbered = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `message ${from + index}`);

function messagesOf(client: Client): string[] {
  const messages: string[] = [];
  client.chat.conversation("42").on("chat_message", ({ data }) => messages.push(data.message));
  return messages;
}

describe("a client behind a proxy that blocks WebSockets", () => {
  it("SDK-3 it connects, sends and receives over HTTP, everything once and in order", async () => {
    const server = await startServer();
    const proxy = await BlockingProxy.start(server.url);
    const ada = await connectSdk(server, "ada");
    await ada.chat.create({ id: "42", members: ["bob"] });
    const seenByAda = messagesOf(ada);
    const bob = sdkClient(proxy, "bob");
    const seenByBob = messagesOf(bob);

    await bob.connect();
    await Promise.all(numbered(30).map((text) => ada.chat.conversation("42").send(text)));
    await Promise.all(numbered(10, 30).map((text) => bob.chat.conversation("42").send(text)));
    await eventually(() => seenByAda.length === 40 && seenByBob.length === 40, "40 messages");

    expect(bob).toMatchObject({ transport: "http", state: "active", userId: "bob" });
    expect(seenByBob).toEqual(numbered(40));
    expect(seenByAda).toEqual(numbered(40));
    await expect(bob.chat.list()).resolves.toMatchObject({ conversations: [{ id: "42" }] });
  });

  it("SDK-3 it switches to a WebSocket when possible, and back to HTTP, without missing events", async () => {
    const server = await startServer();
    const proxy = await BlockingProxy.start(server.url);
    const ada = await connectSdk(server, "ada");
    await ada.chat.create({ id: "42", members: ["bob"] });
    const network = createNetwork();
    const bob = sdkClient(proxy, "bob", { environment: network.environment });
    const seen = messagesOf(bob);
    const transports: string[] = [];
    bob.on("transport", ({ transport }) => transports.push(transport));
    await bob.connect();

    const sending = (async () => {
      for (const text of numbered(60)) await ada.chat.conversation("42").send(text);
    })();
    proxy.isBlocking = false;
    network.tell("online");
    await eventually(() => bob.transport === "websocket" && bob.state === "active", "a WebSocket");
    await sending;
    proxy.isBlocking = true;
    proxy.closeWebSockets();
    await Promise.all(numbered(20, 60).map((text) => ada.chat.conversation("42").send(text)));
    await eventually(() => seen.length === 80, "80 messages");

    expect(transports).toEqual(["http", "websocket", "http"]);
    expect(seen).toEqual(numbered(80));
  });

  it("SDK-3 it is told which rooms it may not read, and refused with a bad token", async () => {
    const server = await startServer({ store: "memory" });
    const proxy = await BlockingProxy.start(server.url);
    const bob = await connectSdk(proxy, "bob");
    const told: string[] = [];
    bob.chat.conversation("none").on("refused", ({ code }) => told.push(code));
    await eventually(() => told.length === 1, "the refusal");
    const stranger = sdkClient(proxy, "eve", { token: "nonsense" });
    await expect(stranger.connect()).rejects.toMatchObject({ code: "unauthenticated" });

    expect(told).toEqual(["not_found"]);
    expect(stranger.status.name).toBe("unauthorized");
  });

  it("SDK-3 HTTP is not tried if it is switched off", async () => {
    const server = await startServer({ store: "memory" });
    const proxy = await BlockingProxy.start(server.url);

    const client = sdkClient(proxy, "ada", { fallback: false, backoff: { attempts: 4 } });

    await expect(client.connect()).rejects.toMatchObject({ message: expect.stringContaining("attempts_exceeded") });
  });
});

describe.each(stores)("a client behind a proxy that blocks WebSockets (%s)", (store) => {
  it("SDK-3 it watches topics, and resumes from its position after an outage of the server", async () => {
    const env = await storeEnv(store);
    const server = await startServer({ store, env });
    const proxy = await BlockingProxy.start(server.url);
    const client = sdkClient(proxy, "mona", { namespaces: ["/monitoring"], roles: ["monitor"] });
    const rooms: string[] = [];
    const gaps: string[] = [];
    let isLive = false;
    client.monitoring.subscribe("task:*", {}, ({ room }) => rooms.push(room), {
      live: () => {
        isLive = true;
      },
      gap: ({ reason }) => void gaps.push(reason),
    });
    await client.connect();
    await eventually(() => isLive, "the subscription");
    await tell(server, taskCreation("t1"));
    await eventually(() => rooms.length === 1, "the first");

    await server.server.close();
    await inState(client, "reconnecting");
    const again = await startServer({ store, env: { ...env, PORT: String(server.server.port) } });
    await tell(again, taskCreation("t2"));
    await eventually(() => rooms.includes("task:t2"), "the second");

    expect(rooms).toEqual(["task:t1", "task:t2"]);
    expect(gaps).toEqual(store === "memory" ? ["epoch_changed"] : []);
  });
});
