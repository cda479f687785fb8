import { createServer } from "node:net";
import { afterEach, describe, expect, it } from "@jest/globals";
import { Program } from "../support/program.ts";
import { TestClient } from "../support/test-client.ts";
import { TestWebSocket } from "../support/test-websocket.ts";
import { testSecret, tokenOf } from "../support/tokens.ts";

const clients: TestClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

async function connect(url: string, token: string, io: object = {}): Promise<TestClient> {
  const client = new TestClient(url, "/chat", { auth: { token }, reconnection: false, ...io });
  clients.push(client);
  await client.inbox.one("system.connection.established");
  return client;
}

const secured = { JWT_SECRET: testSecret };

interface Close {
  reason: string;
}

describe("the program", () => {
  it("CONF-3 outside production it generates a secret, and prints links with valid tokens", async () => {
    const program = new Program();
    const url = await program.url();
    await program.says(/#token=\S+\s+Root[^#]*#token=(\S+)/);

    const tokens = [...program.output.matchAll(/(http:\/\/\S+)\/#token=(\S+)/g)];
    const connected = await Promise.all(
      tokens.map(async ([, base, token]) => {
        const client = await connect(String(base), String(token));
        return client.inbox.of<{ userId: string }>("system.connection.established")[0]?.userId;
      }),
    );

    expect(tokens.map(([, base]) => base)).toEqual(tokens.map(() => url));
    expect(connected).toEqual(["ada", "bob", "bot", "mona", "root"]);
    expect(program.output).toContain("JWT_SECRET is not set");
  });

  it("CONF-3 it generates another secret for every run", async () => {
    const [first, second] = [new Program(), new Program()];
    const token = await first.says(/#token=(\S+)/);

    const client = new TestClient(await second.url(), "/chat", { auth: { token }, reconnection: false });
    clients.push(client);
    const error = await client.inbox.one<{ data: { code: string } }>("connect_error");

    expect(error.data.code).toBe("unauthenticated");
  });

  it("CONF-3 its sample tokens have the configured issuer and audience", async () => {
    const program = new Program({ JWT_ISSUER: "https://id.example.com", JWT_AUDIENCE: "signalbox" });

    const token = await program.says(/#token=(\S+)/);

    await connect(await program.url(), token);
  });

  it("CONF-3 it prints no tokens that are signed with a configured secret", async () => {
    const program = new Program(secured);

    await connect(await program.url(), tokenOf("ada"));

    expect(program.output).not.toContain("#token=");
    expect(program.output).not.toContain(testSecret);
  });

  it("CONF-3 in production it does not start without a secret, and names this and every other fault", async () => {
    const program = new Program({
      NODE_ENV: "production",
      PORT: "eighty",
      LIMIT_MESAGE_BYTES: "1",
      WEB_CONCURRENCY: "4",
    });

    const code = await program.end();

    expect(code).toBe(1);
    expect(program.output).toContain("4 faults");
    for (const name of ["JWT_SECRET", "PORT", "LIMIT_MESAGE_BYTES", "WEB_CONCURRENCY"]) {
      expect(program.output).toContain(`  ${name}: `);
    }
    expect(program.output).not.toContain("    at ");
  });

  it("CONF-3 in production it prints no tokens, and logs JSON", async () => {
    const program = new Program({ ...secured, NODE_ENV: "production", HOST: "127.0.0.1", DRAIN_MS: "100" });

    const url = await program.says(/"url":"([^"]+)"/);
    await connect(url, tokenOf("ada"));
    program.signal("SIGTERM");
    await program.end();

    const lines = program.output.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).message)).toEqual(expect.arrayContaining(["listening", "stopped"]));
    expect(program.output).not.toContain("token");
  });

  it("LOGGING-3 it continues when the reader of its log goes away", async () => {
    const program = new Program({ ...secured, LOG_LEVEL: "debug" });
    const url = await program.url();
    const ada = await connect(url, tokenOf("ada"));

    program.closeOutput();
    for (let n = 0; n < 100; n++) await ada.ok("conversation.create", { id: `c${n}` });
    const { status } = await fetch(`${url}/healthz`);
    program.signal("SIGTERM");

    expect(status).toBe(200);
    expect(await program.end()).toBe(0);
  });

  it("STOP-3 SIGTERM ends it with exit code 0 within its window, and its clients get the reason", async () => {
    const windowMs = 1_000;
    const program = new Program({ ...secured, DRAIN_MS: String(windowMs) });
    const url = await program.url();
    const ada = await connect(url, tokenOf("ada"));
    const bob = await connect(url, tokenOf("bob"), { transports: ["polling"] });
    const script = new TestWebSocket(`${url.replace("http", "ws")}/ws?token=${tokenOf("carol")}`);
    await script.inbox.one("system.connection.established");

    const signalled = performance.now();
    program.signal("SIGTERM");
    const code = await program.end();
    const tookMs = performance.now() - signalled;

    expect(code).toBe(0);
    // What comes on top is the end of a process.
    expect(tookMs).toBeLessThan(windowMs + 2_000);
    for (const { inbox } of [ada, bob, script]) {
      expect(await inbox.one<Close>("system.connection.close")).toMatchObject({ reason: "server_shutdown" });
    }
    expect((await script.closed).code).toBe(1012);
  });

  it("STOP-3 SIGINT at a terminal ends it at once, closing all clients", async () => {
    const program = new Program({ ...secured, DRAIN_MS: "600000" });
    const ada = await connect(await program.url(), tokenOf("ada"));

    program.signal("SIGINT");

    expect(await ada.inbox.one<Close>("system.connection.close")).toMatchObject({ reason: "server_shutdown" });
    expect(await program.end()).toBe(0);
  });

  it("STOP-3 a second SIGINT at a terminal ends it at once with exit code 1", async () => {
    const program = new Program({ ...secured, DRAIN_MS: "600000" });
    await connect(await program.url(), tokenOf("ada"));

    program.signal("SIGTERM");
    await program.says(/stopping/);
    program.signal("SIGINT");

    expect(await program.end()).toBe(1);
  });

  it("STOP-3 a second SIGTERM changes nothing", async () => {
    const program = new Program({ ...secured, DRAIN_MS: "500" });
    const ada = await connect(await program.url(), tokenOf("ada"));

    program.signal("SIGTERM");
    await program.says(/stopping/);
    program.signal("SIGTERM");

    expect(await ada.inbox.one<Close>("system.connection.close")).toMatchObject({ reason: "server_shutdown" });
    expect(await program.end()).toBe(0);
  });

  it.each([
    ["an exception", "throw new Error('nobody expects this')"],
    ["a rejection", "Promise.reject(new Error('nobody expects this'))"],
  ])(
    "STOP-3 after %s that is not caught it shuts down and ends with exit code 1, with the reason in its log",
    async (_what, bug) => {
      // Loaded into the process beside the program.
      const fault = `data:text/javascript,process.on("SIGUSR2",()=>{${encodeURIComponent(bug)}})`;
      const program = new Program({ ...secured, DRAIN_MS: "100" }, ["--import", fault]);
      const ada = await connect(await program.url(), tokenOf("ada"));

      program.signal("SIGUSR2");
      const code = await program.end();

      expect(code).toBe(1);
      expect(await ada.inbox.one<Close>("system.connection.close")).toMatchObject({ reason: "server_shutdown" });
      expect(program.output).toContain("nobody expects this");
      expect(program.output).toContain("stopped");
    },
  );

  it("STOP-3 if its port is in use it says so, and ends with exit code 1", async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve));
    const { port } = squatter.address() as { port: number };

    const program = new Program({ ...secured, PORT: String(port) });
    const code = await program.end();
    await new Promise((resolve) => squatter.close(resolve));

    expect(code).toBe(1);
    expect(program.output).toMatch(new RegExp(`^Port ${port} is in use`, "m"));
    expect(program.output).not.toContain("    at ");
  });
});
