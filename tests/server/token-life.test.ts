import { describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import type { Reply } from "../../shared/reply.ts";
import type { Role } from "../../shared/role.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { startServer } from "../support/server.ts";
import { texts } from "../support/test-client.ts";
import { tokenOf } from "../support/tokens.ts";

const env = { HEARTBEAT_INTERVAL_MS: "400" };

/** What all clients have in common, by whichever door they come. */
interface AnyClient {
  command(name: string, payload?: unknown): Promise<Reply<unknown>>;
  inbox: { one<T>(name: string): Promise<T>; of<T>(name: string): T[] };
}

describe("the life of a token", () => {
  /** Time that passes while all clients show that they are there. */
  async function start() {
    const clock = new ManualClock();
    const server = await startServer({ env, overrides: { clock } });
    const expirySeconds = Math.floor(clock.now() / 1000) + 120;
    const passUntil = async (until: number, ...clients: AnyClient[]) => {
      while (clock.now() < until) {
        clock.advance(Math.min(10_000, until - clock.now()));
        for (const client of clients) await client.command("system.pong", { timestamp: clock.now() });
      }
    };
    /** The server has looked at the client, now: it was pinged with this time, and looked at before. */
    const looked = async (client: AnyClient) => {
      const isNow = () => client.inbox.of<{ timestamp: number }>("system.ping").at(-1)?.timestamp === clock.now();
      while (!isNow()) await client.inbox.one("system.ping");
    };
    return { clock, server, expirySeconds, expiry: expirySeconds * 1000, passUntil, looked };
  }

  it("CONN-8 the client is notified once, sixty seconds before the expiry", async () => {
    const { server, expirySeconds, expiry, passUntil, looked } = await start();
    const ada = await server.connect("ada", { claims: { exp: expirySeconds } });

    await passUntil(expiry - 60_000, ada);
    await looked(ada);
    const before = ada.inbox.of("system.token.expiring");
    await passUntil(expiry - 59_000, ada);
    const told = await ada.inbox.one("system.token.expiring");
    await passUntil(expiry, ada);
    await looked(ada);

    expect(before).toEqual([]);
    expect(told).toEqual({ expiresAt: new Date(expiry).toISOString() });
    expect(ada.inbox.of("system.token.expiring")).toHaveLength(1);
  });

  it("CONN-8 a client whose token is valid for less than that is notified at once", async () => {
    const { clock, server } = await start();
    const exp = Math.floor(clock.now() / 1000) + 30;

    const ada = await server.connect("ada", { claims: { exp } });

    expect(await ada.inbox.one("system.token.expiring")).toEqual({ expiresAt: new Date(exp * 1000).toISOString() });
  });

  it("CONN-8 ten seconds after the expiry the connection is closed, and a stock client does not reconnect with it", async () => {
    const { clock, server, expirySeconds, expiry, passUntil, looked } = await start();
    const claims = { exp: expirySeconds };
    const ada = await server.connect("ada", { claims, io: { reconnectionDelay: 1 } });

    await passUntil(expiry + 10_000, ada);
    await looked(ada);
    await ada.ok("conversation.list", {});
    const before = ada.inbox.of("system.connection.close");
    clock.advance(1);

    expect(await ada.inbox.one("system.connection.close")).toEqual({ reason: "token_expired" });
    expect(await ada.inbox.one("disconnect")).toBe("io server disconnect");
    expect(before).toEqual([]);
    expect(ada.socket.active).toBe(false);
    expect(ada.inbox.all.at(-1)?.name).toBe("disconnect");
  });

  it("CONN-8 ten seconds after the expiry a plain WebSocket is closed, with the code for it", async () => {
    const { clock, server, expirySeconds, expiry, passUntil } = await start();
    const script = server.rawWebSocket(`/ws?token=${tokenOf("ada", ["user"], { exp: expirySeconds })}`);
    await script.inbox.one("system.connection.established");

    await passUntil(expiry - 59_000, script);
    const told = await script.inbox.one("system.token.expiring");
    await passUntil(expiry + 10_000, script);
    clock.advance(1);

    expect(told).toEqual({ expiresAt: new Date(expiry).toISOString() });
    expect(await script.inbox.one("system.connection.close")).toEqual({ reason: "token_expired" });
    expect(await script.closed).toEqual({ code: 4011, reason: "token_expired" });
  });

  it("CONN-9 a connection continues with a refreshed token, whose expiry is announced in turn", async () => {
    const { server, expirySeconds, expiry, passUntil, looked } = await start();
    const ada = await server.connect("ada", { claims: { exp: expirySeconds } });
    const script = server.rawWebSocket(`/ws?token=${tokenOf("ada", ["user"], { exp: expirySeconds })}`);
    await script.inbox.one("system.connection.established");
    await passUntil(expiry - 59_000, ada, script);
    for (const { inbox } of [ada, script]) await inbox.one("system.token.expiring");
    const token = tokenOf("ada", ["user"], { exp: expirySeconds + 300 });
    const tokenExpiresAt = new Date(expiry + 300_000).toISOString();

    const replies = [
      await ada.ok("system.token.refresh", { token }),
      await script.ok("system.token.refresh", { token }),
    ];
    await passUntil(expiry + 200_000, ada, script);
    for (const client of [ada, script]) await looked(client);
    const inBetween = [ada, script].map(({ inbox }) => inbox.of("system.token.expiring").length);
    await passUntil(expiry + 241_000, ada, script);

    expect(replies).toEqual([{ tokenExpiresAt }, { tokenExpiresAt }]);
    expect(inBetween).toEqual([1, 1]);
    for (const { inbox } of [ada, script]) {
      expect(await inbox.one("system.token.expiring")).toEqual({ expiresAt: tokenExpiresAt });
      expect(inbox.of("system.connection.close")).toEqual([]);
    }
  });

  it("CONN-9 a refreshed token changes the name, the roles and the grants", async () => {
    const { server } = await start();
    const [ada] = await server.conversation("42", "ada");
    const bob = await server.connect("bob");
    const before = await bob.refused("chat_message", { conversationId: "42", message: "hello" });
    const grants = [{ room: "conversation:42", can: ["read", "write"] }];

    await bob.ok("system.token.refresh", { token: tokenOf("bob", ["user"], { name: "Robert", grants }) });
    await bob.ok("chat_message", { conversationId: "42", message: "hello" });
    await bob.ok("system.token.refresh", { token: tokenOf("bob", ["service"]) });
    await bob.ok("chat_response", { conversationId: "42", responseId: "r-1", message: "", status: "complete" });

    expect(before.code).toBe("not_found");
    expect((await ada?.one(EventType.ChatMessage))?.sender).toEqual({ userId: "bob", name: "Robert", agentId: null });
  });

  const lost: [what: string, claims: { roles: Role[]; grants?: unknown }][] = [
    ["role", { roles: ["user", "admin"] }],
    ["grant", { roles: ["user"], grants: [{ room: "conversation:42", can: ["read", "write"] }] }],
    ["grant on a prefix", { roles: ["user"], grants: [{ room: "conversation:4*", can: ["read"] }] }],
  ];

  it.each(lost)(
    "CONN-9 the connection leaves the rooms that only a lost %s allowed, and no others",
    async (_what, claims) => {
      const { server } = await start();
      const [ada] = await server.conversation("42", "ada");
      const bob = await server.connect("bob", { claims });
      await bob.ok("conversation.create", { id: "own", members: ["ada"] });
      for (const room of ["conversation:42", "conversation:own"]) await bob.ok("join_room", { room });
      await ada?.next(EventType.UserJoined, 2);

      await bob.ok("system.token.refresh", { token: tokenOf("bob") });
      await ada?.ok("chat_message", { conversationId: "42", message: "among ourselves" });
      await ada?.ok("chat_message", { conversationId: "own", message: "to all" });

      expect(await bob.inbox.one("system.room.left")).toEqual({ room: "conversation:42", reason: "forbidden" });
      expect(texts([await bob.one(EventType.ChatMessage)])).toEqual(["to all"]);
      expect(bob.inbox.of("system.room.left")).toHaveLength(1);
      expect((await bob.refused("join_room", { room: "conversation:42" })).code).toBe("not_found");
      expect((await ada?.one(EventType.UserLeft))?.data.userId).toBe("bob");
      // Its own room and that of all are still joined.
      await bob.ok("conversation.create", {});
      await bob.next(EventType.ConversationUpdated, 2);
    },
  );

  const useless: [what: string, token: () => string, code: string][] = [
    ["somebody else's", () => tokenOf("eve", ["user", "admin"]), "forbidden"],
    ["without a role for the namespace", () => tokenOf("ada", ["monitor"]), "forbidden"],
    ["expired", () => tokenOf("ada", ["user"], { exp: 1 }), "token_expired"],
    ["forged", () => `${tokenOf("ada", ["admin"]).slice(0, -6)}forged`, "unauthenticated"],
    ["no token", () => "nonsense", "unauthenticated"],
    ["empty", () => "", "invalid_payload"],
  ];

  it.each(useless)("CONN-9 a token that is %s is refused, and nothing changes", async (_what, token, code) => {
    const { clock, server, expirySeconds, expiry, passUntil } = await start();
    const [bob] = await server.conversation("42", "bob");
    const ada = await server.connect("ada", { claims: { exp: expirySeconds } });
    await ada.ok("conversation.create", { id: "own" });
    await ada.ok("join_room", { room: "conversation:own" });

    const refused = await ada.refused("system.token.refresh", { token: token() });
    const stillOutside = await ada.refused("join_room", { room: "conversation:42" });
    await ada.ok("chat_message", { conversationId: "own", message: "still here" });

    expect([refused.code, stillOutside.code]).toEqual([code, "not_found"]);
    expect((await ada.one(EventType.ChatMessage)).sender?.userId).toBe("ada");
    expect(ada.inbox.of("system.room.left")).toEqual([]);
    await passUntil(expiry + 10_000, ada, ...(bob ? [bob] : []));
    clock.advance(1);
    expect(await ada.inbox.one("system.connection.close")).toEqual({ reason: "token_expired" });
  });

  it("CONN-9 it works in every namespace, even if a grant alone admitted the client", async () => {
    const { server } = await start();
    const grants = [{ room: "stream:*", can: ["read"] }];
    const byGrant = await server.connect("ada", { namespace: "/monitoring", claims: { grants } });
    const admin = await server.connect("root", { namespace: "/admin", roles: ["admin"] });

    const refreshed = await byGrant.command("system.token.refresh", { token: tokenOf("ada", ["user"], { grants }) });
    const without = await byGrant.refused("system.token.refresh", { token: tokenOf("ada") });
    await admin.ok("system.token.refresh", { token: tokenOf("root", ["admin"]) });
    const demoted = await admin.refused("system.token.refresh", { token: tokenOf("root", ["user"]) });

    expect(refreshed.ok).toBe(true);
    expect([without.code, demoted.code]).toEqual(["forbidden", "forbidden"]);
  });

  it("CONN-9 a plain WebSocket loses the commands of a namespace that its new roles do not open", async () => {
    const { server } = await start();
    const script = await server.connectWebSocket("ada", { roles: ["user", "monitor"] });
    await script.ok("conversation.create", {});

    const token = tokenOf("ada", ["monitor"]);
    await script.ok("system.token.refresh", { token });
    const refused = await script.command("conversation.create", {});

    expect(refused).toMatchObject({ ok: false, error: { code: "forbidden" } });
  });

  it("CONN-9 a plain WebSocket gets the commands that its new roles open", async () => {
    const { server } = await start();
    const script = await server.connectWebSocket("ada");

    const before = await script.command("subscribe", { id: "all", topics: ["*"] });
    await script.ok("system.token.refresh", { token: tokenOf("ada", ["monitor"]) });
    const after = await script.command("subscribe", { id: "all", topics: ["*"] });
    const lost = await script.command("conversation.list", {});

    expect(before).toMatchObject({ ok: false, error: { code: "forbidden" } });
    expect(after).toMatchObject({ ok: true });
    expect(lost).toMatchObject({ ok: false, error: { code: "forbidden" } });
  });
});
