import { describe, expect, it } from "@jest/globals";
import { type Client, createClient, defaultBackoff, SignalboxError } from "../../client-sdk/index.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { startServer } from "../support/server.ts";
import { tokenOf } from "../support/tokens.ts";
import { eventually, within } from "../support/within.ts";
import { createNetwork, openNetwork } from "./network.ts";
import { connectSdk, inState, sdkClient } from "./sdk-client.ts";
import { createTestTime } from "./test-time.ts";

const failure = (promise: Promise<unknown>): Promise<SignalboxError> =>
  within(
    promise.then(
      () => Promise.reject(new Error("it did not fail")),
      (error: SignalboxError) => error,
    ),
    "a failure",
  );

function statesOf(client: Client): string[] {
  const states: string[] = [client.state];
  client.on("statechange", ({ previousState, newState }) => {
    expect(previousState).toBe(states.at(-1));
    states.push(newState);
  });
  return states;
}

describe("the client", () => {
  it("SDK-8 it connects with a token", async () => {
    const server = await startServer();
    const client = sdkClient(server, "ada");
    const states = statesOf(client);
    const connected = new Promise((resolve) => client.once("connected", resolve));

    const idBefore = client.connectionId;
    await client.connect();

    expect(idBefore).toBeNull();
    expect(states).toEqual(["disconnected", "connecting", "connected", "active"]);
    expect(await connected).toEqual({ connectionId: client.connectionId, userId: "ada" });
    expect(client).toMatchObject({ userId: "ada", transport: "websocket", attempt: 0, nextDelay: null });
  });

  it("SDK-8 it sends commands and gets their replies, and rejections as errors", async () => {
    const server = await startServer();
    const client = await connectSdk(server, "ada");

    const { conversation } = await client.send("conversation.create", { id: "42", title: "Plans" });
    const refused = await failure(client.send("conversation.rename", { conversationId: "none", title: "x" }));
    const elsewhere = await failure(client.send("admin.stats", {}));
    const invalid = await failure(client.send("chat_message", { conversationId: "42", message: "" }));

    expect(conversation).toMatchObject({ id: "42", title: "Plans" });
    expect(refused).toBeInstanceOf(SignalboxError);
    expect(refused).toMatchObject({ code: "not_found", retryable: false, outcome: "rejected" });
    expect(elsewhere).toMatchObject({ code: "unknown_command", outcome: "not_sent" });
    expect(invalid).toMatchObject({ code: "invalid_payload", details: expect.any(Array) });
  });

  it("SDK-8 all connections of a user receive messages", async () => {
    const server = await startServer();
    const clients = await Promise.all([1, 2, 3].map(() => connectSdk(server, "ada")));
    await clients[0]?.chat.create({ id: "42" });
    const heard = clients.map(
      (client) =>
        new Promise((resolve) => client.chat.conversation("42").on("chat_message", ({ data }) => resolve(data))),
    );

    await clients[1]?.chat.conversation("42").send("hello");

    expect(await within(Promise.all(heard), "the message")).toEqual(clients.map(() => ({ message: "hello" })));
  });

  it("SDK-10 it reconnects with back-off, within 5 attempts, on the same port", async () => {
    const server = await startServer();
    // Five attempts take longer than any machine to start a server.
    const client = await connectSdk(server, "ada", { backoff: { baseMs: 250, maxMs: 30_000 } });
    const states = statesOf(client);
    const first = client.connectionId;
    let attempts = 0;
    client.on("statechange", () => {
      attempts = Math.max(attempts, client.attempt);
    });

    await server.server.close();
    await inState(client, "reconnecting");
    const { nextDelay } = client;
    await startServer({ env: { PORT: String(server.server.port) } });
    await inState(client, "active");

    expect(nextDelay).toBeLessThanOrEqual(1_000);
    expect(client.connectionId).not.toBe(first);
    expect(attempts).toBeLessThanOrEqual(5);
    expect(states.slice(0, 3)).toEqual(["active", "reconnecting", "connecting"]);
    expect(states.slice(-2)).toEqual(["connected", "active"]);
  });

  it("SDK-8 it answers pings, and measures the latency", async () => {
    const server = await startServer({ env: { HEARTBEAT_INTERVAL_MS: "1000" } });
    const client = await connectSdk(server, "ada");

    const pinged = new Promise((resolve) => client.bus.subscribe("system.ping", resolve));

    expect(await within(pinged, "a ping")).toMatchObject({ timestamp: expect.any(Number) });
    await eventually(() => client.roundTripMs !== null, "a measured way");
    expect(client.state).toBe("active");
  });

  it("SDK-8 it closes, and commands without a reply are rejected", async () => {
    const server = await startServer();
    const client = await connectSdk(server, "ada");
    const disconnected = new Promise((resolve) => client.once("disconnected", resolve));
    const waiting = failure(client.chat.list());

    client.disconnect(1000, "done");
    client.disconnect();

    expect(await disconnected).toEqual({ willReconnect: false, reason: "client" });
    expect(await waiting).toMatchObject({ outcome: "unknown" });
    expect(client).toMatchObject({ state: "closed", connectionId: null });
    await client.connect();
    expect(client.state).toBe("active");
  });

  it("SDK-9 without a valid token it is unauthorized, says why, and can connect with another token", async () => {
    const server = await startServer();
    let token: string | null = "nonsense";
    const asked: (string | null)[] = [];
    const client = sdkClient(server, "ada", {
      getToken: async () => {
        asked.push(token);
        return token;
      },
    });
    const errors: string[] = [];
    client.on("error", ({ code }) => errors.push(code));

    const refused = await failure(client.connect());
    const status = client.status.name;
    token = null;
    const none = await failure(client.connect());
    token = tokenOf("ada");
    await client.connect();

    expect(refused.code).toBe("unauthenticated");
    expect(none.code).toBe("unauthenticated");
    expect(status).toBe("unauthorized");
    expect(errors).toEqual(["unauthenticated", "unauthenticated"]);
    // A token that was refused is asked for once more.
    expect(asked).toEqual(["nonsense", "nonsense", null, token]);
  });

  it("SDK-9 it is unauthorized in a namespace that its roles do not open", async () => {
    const server = await startServer();
    const client = sdkClient(server, "ada", { namespaces: ["/chat", "/admin"] });

    const refused = await failure(client.connect());

    expect(refused.code).toBe("forbidden");
    expect(client.status.name).toBe("unauthorized");
  });

  it("SDK-9 it asks for a token before every attempt, again if asking failed, and renews a token that expires", async () => {
    const server = await startServer();
    let asked = 0;
    const inSeconds = (seconds: number) => ({ exp: Math.floor(Date.now() / 1000) + seconds });
    const client = sdkClient(server, "ada", {
      getToken: () => {
        asked += 1;
        if (asked === 1) throw new Error("the backend is away");
        // The server tells of the end of a token a minute before it.
        return tokenOf("ada", ["user"], inSeconds(asked === 2 ? 60 : 3_600));
      },
    });
    const expiring = new Promise((resolve) => client.bus.subscribe("system.token.expiring", resolve));

    await client.connect();
    await within(expiring, "the notice");
    await eventually(() => asked === 3, "a third token");

    expect(client.state).toBe("active");
  });

  it("SDK-10 it gives up after the maximum of attempts, if one is set", async () => {
    const server = await startServer();
    await server.server.close();
    const client = sdkClient(server, "ada", { backoff: { attempts: 3 } });

    const gaveUp = await failure(client.connect());

    expect(gaveUp.message).toContain("attempts_exceeded");
    expect(client.status).toEqual({ name: "closed", reason: "attempts_exceeded" });
  });

  it("SDK-10 it does not reconnect if the server told it not to", async () => {
    const clock = new ManualClock();
    const server = await startServer({ overrides: { clock } });
    const soonExpired = { exp: Math.floor(clock.now() / 1000) + 30 };
    const client = await connectSdk(server, "ada", { token: tokenOf("ada", ["user"], soonExpired) });

    // Beyond the tolerance for clocks, too.
    clock.advance(45_000);
    await inState(client, "closed");

    expect(client.status).toMatchObject({ name: "unauthorized", error: { code: "token_expired" } });
  });

  it("SDK-10 it keeps a working connection whatever the browser reports about the network", async () => {
    const server = await startServer();
    const network = createNetwork();
    const { environment, advance } = createTestTime();
    const client = await connectSdk(server, "ada", {
      environment: { ...environment, watch: network.environment.watch },
    });
    const states = statesOf(client);
    const { connectionId } = client;

    for (const change of ["offline", "visible", "online"] as const) network.tell(change);
    await client.chat.list();
    advance(60_000);

    expect(client).toMatchObject({ state: "active", connectionId, offlineSince: null });
    expect(states).toEqual(["active"]);
  });

  it.each(["offline", "online", "visible"] as const)(
    "SDK-10 soon after %s it notices that a connection is dead, says since when, and retries indefinitely",
    async (change) => {
      const server = await startServer();
      const wire = await openNetwork(server.server.port);
      const network = createNetwork();
      const { environment, advance } = createTestTime();
      const client = await connectSdk({ url: `http://127.0.0.1:${wire.port}` }, "ada", {
        environment: { ...environment, watch: network.environment.watch },
        backoff: defaultBackoff,
        fallback: false,
      });

      wire.set("hold");
      network.tell(change);
      advance(4_999);
      const before = client.state;
      advance(1);
      const lost = client.status;
      const since = client.offlineSince;
      wire.set("cut");
      for (let attempt = 1; attempt <= 20; attempt += 1) {
        advance(client.nextDelay ?? 0);
        await eventually(() => client.attempt > attempt && client.nextDelay !== null, `attempt ${attempt + 1}`);
      }
      const { nextDelay, offlineSince } = client;
      wire.set("open");
      await client.connect();

      expect([before, lost.name]).toEqual(["active", change === "offline" ? "offline" : "waiting"]);
      expect([since, offlineSince]).toEqual([5_000, 5_000]);
      expect(nextDelay).toBeGreaterThanOrEqual(27_000);
      expect(client).toMatchObject({ state: "active", attempt: 0, offlineSince: null });
    },
  );

  it("SDK-10 it tries at once when the browser reports a network", async () => {
    const server = await startServer();
    const { port } = server.server;
    const network = createNetwork();
    const client = await connectSdk(server, "ada", {
      environment: network.environment,
      backoff: { baseMs: 60_000, maxMs: 60_000 },
    });
    const states = statesOf(client);
    network.tell("offline");
    await server.server.close();
    await inState(client, "reconnecting");
    const { status } = client;
    await startServer({ env: { PORT: String(port) } });

    network.tell("online");
    await inState(client, "active");

    expect(status.name).toBe("offline");
    expect(states).toEqual(["active", "reconnecting", "connecting", "connected", "active"]);
  });

  it("SDK-10 it does not wait any longer when the page becomes visible", async () => {
    const server = await startServer();
    const { port } = server.server;
    const network = createNetwork();
    const client = await connectSdk(server, "ada", {
      environment: network.environment,
      backoff: { baseMs: 60_000, maxMs: 60_000 },
    });
    await server.server.close();
    await inState(client, "reconnecting");
    await startServer({ env: { PORT: String(port) } });

    network.tell("visible");
    await inState(client, "active");

    expect(client.attempt).toBe(0);
  });

  it("SDK-9 it requires a URL and exactly one source of tokens", () => {
    expect(() => createClient({ url: "http://localhost" })).toThrow(TypeError);
    expect(() => createClient({ url: "http://localhost", token: "a", cookie: true })).toThrow(TypeError);
    expect(() => createClient({ url: "http://localhost", token: "a", getToken: () => "b" })).toThrow(TypeError);
    expect(() => createClient({ token: "a" })).toThrow(TypeError);
  });
});
