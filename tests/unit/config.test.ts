import { describe, expect, it } from "@jest/globals";
import { ConfigurationError, loadConfig, variables } from "../../server/compose/config.ts";

const secret = "a secret of at least thirty-two bytes";

/** The faults that are named, without what is said about them. */
function faultsOf(environment: Record<string, string>): string[] {
  return messagesOf(environment).map((fault) => fault.replace(/:.*/s, ""));
}

function messagesOf(environment: Record<string, string>): readonly string[] {
  try {
    loadConfig(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
}

describe("configuration", () => {
  it("CONF-1 every setting that is not set has a default", () => {
    const config = loadConfig({});

    expect(config).toMatchObject({
      NODE_ENV: "development",
      PORT: 8000,
      CORS_ORIGINS: [],
      SOCKET_PATH: "/socket.io",
      SOCKET_TRANSPORTS: ["websocket", "polling"],
      WEBSOCKET_ENABLED: true,
      LOG_LEVEL: "info",
      LOG_MAX_EVENTS: 10_000,
      LOG_TTL_SECONDS: 604_800,
      HEARTBEAT_INTERVAL_MS: 25_000,
      PRESENCE_GRACE_MS: 5_000,
      DRAIN_MS: 20_000,
      LIMIT_MESSAGE_BYTES: 65_536,
      LIMIT_JSON_DEPTH: 32,
    });
    expect([config.JWT_SECRET, config.HOST, config.REDIS_URL, config.LOG_FORMAT]).toEqual(Array(4).fill(undefined));
  });

  it("CONF-1 an empty variable counts as not set", () => {
    const nothing = Object.fromEntries(variables.map((name) => [name, ""]));

    const config = loadConfig(nothing);

    expect(config).toEqual(loadConfig({}));
  });

  it("CONF-1 numbers, switches and lists are parsed", () => {
    const config = loadConfig({
      PORT: "0",
      WEBSOCKET_ENABLED: "false",
      CORS_ORIGINS: "https://a.example.com, http://localhost:3000,tauri://localhost,chrome-extension://abc,app://.,",
      SOCKET_TRANSPORTS: "websocket",
      JWT_SECRET: secret,
    });

    expect(config).toMatchObject({
      PORT: 0,
      WEBSOCKET_ENABLED: false,
      CORS_ORIGINS: [
        "https://a.example.com",
        "http://localhost:3000",
        "tauri://localhost",
        "chrome-extension://abc",
        "app://.",
      ],
      SOCKET_TRANSPORTS: ["websocket"],
      JWT_SECRET: secret,
    });
  });

  it.each([
    ["PORT", "65536"],
    ["PORT", "-1"],
    ["PORT", "8000.5"],
    ["PORT", "0x10"],
    ["PORT", " 80"],
    ["NODE_ENV", "prod"],
    ["JWT_SECRET", "short"],
    ["JWT_SECRET", "é".repeat(15)],
    ["WEBSOCKET_ENABLED", "yes"],
    ["CORS_ORIGINS", "*"],
    ["CORS_ORIGINS", "https://app.example.com/"],
    ["CORS_ORIGINS", "app.example.com"],
    ["CORS_ORIGINS", "null"],
    ["CORS_ORIGINS", "https://App.example.com"],
    ["CORS_ORIGINS", "https://app.example.com:443"],
    ["CORS_ORIGINS", "tauri://localhost/"],
    ["CORS_ORIGINS", "tauri://*"],
    ["CORS_ORIGINS", "tauri:localhost"],
    ["CORS_ORIGINS", "javascript:alert(1)"],
    ["CORS_ORIGINS", "chrome-extension://"],
    ["SOCKET_PATH", "socket.io"],
    ["BASE_PATH", "rt"],
    ["BASE_PATH", "/"],
    ["BASE_PATH", "/rt/"],
    ["BASE_PATH", "/a/../b"],
    ["SOCKET_PATH", "/socket.io/"],
    ["SOCKET_TRANSPORTS", "webtransport"],
    ["SOCKET_TRANSPORTS", ","],
    ["LOG_LEVEL", "loud"],
    ["LOG_FORMAT", "xml"],
    ["LOG_MAX_EVENTS", "0"],
    ["HEARTBEAT_INTERVAL_MS", "1"],
    ["LIMIT_MESSAGE_BYTES", "1"],
    ["LIMIT_JSON_DEPTH", "3"],
    ["METRICS_TOKEN", "short"],
    ["TRUST_PROXY", "true"],
  ])("CONF-2 %s may not be %j", (name, value) => {
    const faults = faultsOf({ [name]: value });

    expect(faults).toEqual([name]);
  });

  it("CONF-2 all faults are named at once, with what would be valid", () => {
    const environment = { PORT: "many", LOG_LEVEL: "loud", LIMIT_COMANDS_BURST: "5", WEB_CONCURRENCY: "2" };

    const load = () => loadConfig(environment);

    expect(faultsOf(environment)).toEqual(["PORT", "LOG_LEVEL", "LIMIT_COMANDS_BURST", "WEB_CONCURRENCY"]);
    expect(load).toThrow(/4 faults:\n {2}PORT: must be a whole number\n/);
  });

  it("CONF-2 the value of a secret is not printed", () => {
    const messages = messagesOf({ JWT_SECRET: "hunter2", METRICS_TOKEN: "hunter3" });

    expect(messages).toHaveLength(2);
    expect(messages.join()).not.toContain("hunter");
  });

  it.each([
    ["CORS_ORIGIN", "CORS_ORIGINS"],
    ["JWT_SECRETS", "JWT_SECRET"],
    ["REDIS_URI", "REDIS_URL"],
    ["LIMIT_MESAGE_BYTES", "LIMIT_MESSAGE_BYTES"],
  ])("CONF-2 a misspelt setting is reported with the likely name: %s", (name, meant) => {
    expect(messagesOf({ [name]: "1" })).toEqual([`${name}: there is no such setting; is it ${meant}?`]);
  });

  it("CONF-2 an unknown limit is reported", () => {
    expect(messagesOf({ LIMIT_TYPO: "1" })).toEqual(["LIMIT_TYPO: there is no such setting"]);
  });

  it("CONF-2 variables of other programs are ignored", () => {
    const faults = faultsOf({ PATH: "/bin", HOME: "/home/ada", npm_config_x: "1", REDIS_SERVICE_HOST: "10.0.0.1" });

    expect(faults).toEqual([]);
  });

  it("CONF-2 several workers without Redis are refused", () => {
    expect(faultsOf({ WEB_CONCURRENCY: "2", JWT_SECRET: secret })).toEqual(["WEB_CONCURRENCY"]);
  });

  it("CONF-2 providers are a list of URLs", () => {
    const one = loadConfig({ OIDC_ISSUER: "https://id.example.com/realms/a" });
    const two = loadConfig({ OIDC_ISSUER: "https://id.example.com, http://localhost:8080/" });

    expect(one.OIDC_ISSUER).toEqual(["https://id.example.com/realms/a"]);
    expect(two.OIDC_ISSUER).toEqual(["https://id.example.com", "http://localhost:8080/"]);
    expect(faultsOf({ OIDC_ISSUER: "https://id.example.com,id.example.com" })).toEqual(["OIDC_ISSUER"]);
  });

  it("CONF-2 in production a provider must use https, and its tokens must be for this program", () => {
    const production = { NODE_ENV: "production", OIDC_ISSUER: "https://id.example.com" };

    expect(faultsOf(production)).toEqual(["OIDC_AUDIENCE"]);
    expect(faultsOf({ ...production, OIDC_CLIENT_ID: "app" })).toEqual([]);
    expect(faultsOf({ ...production, OIDC_AUDIENCE: "signalbox" })).toEqual([]);
    const plain = { ...production, OIDC_AUDIENCE: "signalbox", OIDC_ISSUER: "https://a.example,http://b.example" };
    expect(faultsOf(plain)).toEqual(["OIDC_ISSUER"]);
  });

  it("CONF-2 a heartbeat interval longer than the lease is refused", () => {
    const faults = faultsOf({ AGENT_LEASE_MS: "5000" });
    const fits = faultsOf({ AGENT_LEASE_MS: "5000", AGENT_HEARTBEAT_INTERVAL_MS: "2000" });

    expect([faults, fits]).toEqual([["AGENT_HEARTBEAT_INTERVAL_MS"], []]);
  });

  it("CONF-3 in production a secret or a provider is required", () => {
    const without = faultsOf({ NODE_ENV: "production" });
    const withNothing = faultsOf({ NODE_ENV: "production", JWT_SECRET: "" });
    const withOne = faultsOf({ NODE_ENV: "production", JWT_SECRET: secret });

    expect([without, withNothing, withOne]).toEqual([["JWT_SECRET"], ["JWT_SECRET"], []]);
  });

  it.each(["development", "test"])("CONF-3 in %s no secret is needed", (NODE_ENV) => {
    expect(loadConfig({ NODE_ENV }).JWT_SECRET).toBeUndefined();
  });
});
