import { describe, expect, it } from "@jest/globals";
import { startServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";
import { tokenOf } from "../support/tokens.ts";

const metricsToken = "metrics-9f2c51d7aa0b";

/** What a token must not be recognised by: what it says, and what proves it. */
const partsOf = (token: string) => token.split(".").filter((part) => part.length > 8);

describe.each(stores)("the log of a busy server (%s)", (store) => {
  it("SEC-9 it has no token, cookie or secret, valid or not, from any door", async () => {
    const env = { LOG_LEVEL: "debug", METRICS_TOKEN: metricsToken };
    const server = await startServer({ store, env });
    const secrets: string[] = [];
    let count = 0;
    const good = (roles: Parameters<typeof tokenOf>[1] = ["user"]) => {
      const token = tokenOf(`user-${++count}`, roles, { jti: `jti-${count}`, name: `N${count}` });
      secrets.push(...partsOf(token).slice(1));
      return token;
    };
    const bad = () => {
      const [head = "", body = ""] = tokenOf(`forger-${++count}`, ["admin"]).split(".");
      const token = `${head}.${body}.forged${count}signature`;
      secrets.push(...partsOf(token).slice(1));
      return token;
    };
    const http = async (method: string, path: string, headers: Record<string, string>, body?: unknown) => {
      const options = { as: null, headers, ...(body === undefined ? {} : { body }) };
      return server.request(method, path, options);
    };
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

    for (const token of [good(), bad()]) {
      // Socket.IO: in auth, in a header, in the URL, and in a command
      const namespaces = ["/chat", "/monitoring", "/agents", "/admin"] as const;
      for (const namespace of namespaces) {
        const client = server.client("nobody", { namespace, auth: { token } });
        await client.inbox.until(() => client.inbox.all.length > 0, "an answer");
        const isIn = client.inbox.of("system.connection.established").length > 0;
        if (isIn) await client.command("system.token.refresh", { token });
        if (isIn) await client.command(token, { [token]: token });
        client.close();
      }
      const byHeader = server.client("nobody", { auth: { token: undefined }, io: { extraHeaders: bearer(token) } });
      await byHeader.inbox.until(() => byHeader.inbox.all.length > 0, "an answer");
      byHeader.close();
      // Plain WebSockets
      for (const path of [`/ws?token=${token}`, `/ws/agent-bridge?token=${token}`, `/nowhere?token=${token}`]) {
        const plain = server.rawWebSocket(path);
        // An agent is not told anything before it has registered.
        await new Promise((resolve) => {
          for (const outcome of ["open", "error"]) plain.socket.once(outcome, resolve);
        });
        plain.socket.close();
        await plain.closed;
      }
      const bridge = server.rawWebSocket("/ws/agent-bridge");
      bridge.socket.once("open", () => {
        bridge.socket.send(JSON.stringify({ type: "register", agent_id: "a", auth_token: token }));
        bridge.socket.send(`not json ${token}`);
      });
      await bridge.inbox.until(() => bridge.inbox.all.length > 0, "an answer");
      bridge.socket.terminate();
      // HTTP
      await http("GET", "/api/conversations", bearer(token));
      await http("GET", `/api/conversations?token=${token}`, {});
      await http("GET", `/api/events?topics=broadcast&token=${token}`, bearer(token));
      await http("POST", "/api/conversations", bearer(token), `{"token": "${token}"`);
      await http("POST", "/api/oidc/backchannel-logout", {}, { logout_token: token });
      await http("GET", "/metrics", bearer(token));
      await http("GET", "/api/conversations", { cookie: `signalbox_session=${token}`, origin: server.url });
    }
    const admin = good(["admin"]);
    const revoked = await http("POST", "/api/revocations", bearer(admin), { tokenId: "jti-1", reason: "test" });
    const session = await http("POST", "/api/session", { ...bearer(good()), origin: server.url });
    const cookie = String(session.headers.get("set-cookie")).split(";")[0] ?? "";
    secrets.push(cookie.split("=")[1] ?? cookie, metricsToken);
    const signedIn = await http("GET", "/api/conversations", { cookie, origin: server.url });
    const measured = await http("GET", "/metrics", bearer(metricsToken));
    await http("GET", "/metrics", bearer(`${metricsToken}-wrong`));
    await http("DELETE", "/api/session", { cookie, origin: server.url });

    expect([revoked.status, session.status, signedIn.status, measured.status]).toEqual([201, 201, 200, 200]);
    const output = server.lines.join("\n");
    expect(output).toContain('"message":"connected"');
    expect(output).toContain('"message":"disconnected"');
    expect(output).toContain('"message":"command"');
    expect(secrets.length).toBeGreaterThan(8);
    expect(secrets.filter((secret) => output.includes(secret))).toEqual([]);
  });
});
