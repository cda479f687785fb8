import { z } from "zod";
import type { ConnectionLimits } from "../../shared/limits.ts";

/** Every setting of the server, read from the environment. The names, defaults and units are those of `.env.example`. */
export type Config = z.output<typeof Environment>;

/** Thrown for an invalid environment; `faults` names all faults at once. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(
      `The configuration has ${faults.length === 1 ? "a fault" : `${faults.length} faults`}:\n${faults.map((fault) => `  ${fault}`).join("\n")}`,
    );
    this.faults = faults;
  }
}

const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, "must be a whole number")
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`));

const flag = z.enum(["true", "false"], "must be true or false").transform((text) => text === "true");

const list = z.string().transform((text) =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== ""),
);

/** The origin of an app or an extension; `URL` reports these origins as `null`. */
const appOrigin = /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@*,]+$/;

const isOrigin = (text: string) =>
  URL.canParse(text) && (new URL(text).origin === text || (new URL(text).origin === "null" && appOrigin.test(text)));

const origin = z.string().refine(isOrigin, {
  error: ({ input }) => `${JSON.stringify(input)} is not an exact origin such as https://app.example.com`,
});

const url = (...schemes: string[]) =>
  z
    .string()
    .refine(
      (text) => URL.canParse(text) && schemes.includes(new URL(text).protocol),
      `must be a ${schemes.join(" or ")} URL`,
    );

const streamName = z.string().regex(/^[\x21-\x7e]{1,256}$/, "must be 1 to 256 visible ASCII characters without spaces");

const dayMs = 86_400_000;

/** Settings by the names of their variables. An empty variable counts as unset. */
const Environment = z.object({
  NODE_ENV: z.enum(["development", "production", "test"]).default("development"),
  PORT: whole(0, 65_535).default(8000),
  HOST: z.string().optional(),
  JWT_SECRET: z
    .string()
    .refine(
      (secret) => Buffer.byteLength(secret) >= 32,
      "must have at least 32 bytes: node -e \"console.log(require('crypto').randomBytes(32).toString('base64'))\"",
    )
    .optional(),
  JWT_AUDIENCE: z.string().optional(),
  JWT_ISSUER: z.string().optional(),
  OIDC_ISSUER: list.pipe(z.array(url("https:", "http:"))).default([]),
  OIDC_AUDIENCE: z.string().optional(),
  OIDC_CLIENT_ID: z.string().optional(),
  OIDC_ROLES_CLAIM: z.string().optional(),
  REDIS_URL: url("redis:", "rediss:").optional(),
  REDIS_CA_CERT: z.string().optional(),
  REDIS_TLS_INSECURE: flag.default(false),
  REDIS_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, "must be 1 to 64 of A-Z a-z 0-9 . _ -")
    .default("signalbox"),
  REDIS_UI_EVENTS_STREAM: streamName.default("ui_events"),
  REDIS_INGEST_STREAM: streamName.default("signalbox:ingest"),
  CORS_ORIGINS: list.pipe(z.array(origin)).default([]),
  TRUST_PROXY: whole(0, 16).default(0),
  BASE_PATH: z
    .string()
    .regex(/^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)+$/, "must be a path such as /realtime, without a slash at its end")
    .default(""),
  SOCKET_PATH: z
    .string()
    .regex(/^\/[\w./-]*\w$/, "must be a path such as /socket.io")
    .default("/socket.io"),
  SOCKET_TRANSPORTS: list
    .pipe(z.array(z.enum(["websocket", "polling"], "must be websocket, polling or both")).min(1))
    .default(["websocket", "polling"]),
  WEBSOCKET_ENABLED: flag.default(true),
  ADMIN_ENABLED: flag.default(true),
  DASHBOARD_ENABLED: flag.default(true),
  METRICS_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{16,}$/, "must have at least 16 visible ASCII characters without spaces")
    .optional(),
  LOG_LEVEL: z.enum(["error", "warn", "info", "debug"], "must be error, warn, info or debug").default("info"),
  LOG_FORMAT: z.enum(["json", "text"], "must be json or text").optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: url("http:", "https:").optional(),
  OTEL_SERVICE_NAME: z.string().default("signalbox"),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(/^(?:0|1|0?\.\d+|1\.0+)$/, "must be a share between 0 and 1")
    .transform(Number)
    .default(1),
  LOG_MAX_EVENTS: whole(1, 10_000_000).default(10_000),
  LOG_TTL_SECONDS: whole(1, 3_650 * 86_400).default(604_800),
  HEARTBEAT_INTERVAL_MS: whole(100, 3_600_000).default(25_000),
  PRESENCE_GRACE_MS: whole(0, 600_000).default(5_000),
  RESPONSE_LEASE_MS: whole(100, dayMs).default(60_000),
  AGENT_LEASE_MS: whole(100, dayMs).default(30_000),
  AGENT_HEARTBEAT_INTERVAL_MS: whole(100, dayMs).default(10_000),
  AGENT_STALL_SECONDS: whole(1, 86_400).default(120),
  DRAIN_MS: whole(0, 600_000).default(20_000),
  WEB_CONCURRENCY: whole(1, 128).default(1),
  FANOUT_COALESCE_MS: whole(0, 1_000).default(0),
  LIMIT_MESSAGE_BYTES: whole(1_024, 1_048_576).default(65_536),
  LIMIT_ROOMS_PER_CONNECTION: whole(1, 100_000).default(128),
  LIMIT_SUBSCRIPTIONS_PER_CONNECTION: whole(1, 10_000).default(50),
  LIMIT_COMMANDS_PER_SECOND: whole(1, 1_000_000).default(50),
  LIMIT_COMMANDS_BURST: whole(1, 1_000_000).default(100),
  LIMIT_CONNECTIONS_PER_USER: whole(1, 1_000_000).default(100),
  LIMIT_CONNECTIONS_PER_IP: whole(1, 1_000_000).default(1_000),
  LIMIT_NEW_CONNECTIONS_PER_SECOND: whole(1, 1_000_000).default(500),
  LIMIT_BACKLOG_BYTES: whole(65_536, 1_073_741_824).default(1_048_576),
  LIMIT_BACKLOG_MS: whole(100, 3_600_000).default(15_000),
  LIMIT_JSON_DEPTH: whole(4, 1_000).default(32),
});

/** Names of all variables, in the order of `.env.example`. */
export const variables = Object.keys(Environment.shape) as (keyof Config)[];

/** The address to listen on. Outside production only this machine has access unless HOST is set. */
export function hostOf({ HOST, NODE_ENV }: Config): string {
  return HOST ?? (NODE_ENV === "production" ? "0.0.0.0" : "127.0.0.1");
}

/**
 * Reads the configuration. Throws a {@link ConfigurationError} that names every fault.
 * Without `JWT_SECRET` and `OIDC_ISSUER` no token is valid: outside production the caller may generate a secret.
 */
export function loadConfig(environment: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = Environment.safeParse(given);
  const faults = parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${String(path[0])}: ${message}`);
  faults.push(...unknownVariables(given), ...contradictions(given));
  if (!parsed.success || faults.length > 0) throw new ConfigurationError(faults);
  return parsed.data;
}

/**
 * Reports misspelt settings, whose defaults would otherwise stay in force unnoticed. Other programs' variables may
 * begin alike (Kubernetes sets `REDIS_SERVICE_HOST`), so only names close to a setting are reported.
 */
function unknownVariables(given: Record<string, unknown>): string[] {
  return Object.keys(given).flatMap((name) => {
    if (variables.some((known) => known === name)) return [];
    // Not PORT and HOST: PATH and HOME differ from them by two letters.
    const meant = variables.find((known) => known.includes("_") && distance(name, known) <= 2);
    if (meant) return [`${name}: there is no such setting; is it ${meant}?`];
    return name.startsWith("LIMIT_") ? [`${name}: there is no such setting`] : [];
  });
}

/** The number of letters to add, remove or change to turn one text into the other (Levenshtein). */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return Number.POSITIVE_INFINITY;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

function contradictions(given: Record<string, string | undefined>): string[] {
  const faults: string[] = [];
  if (given.NODE_ENV === "production" && !given.JWT_SECRET && !given.OIDC_ISSUER) {
    faults.push("JWT_SECRET: must be set in production (or OIDC_ISSUER), or nobody could be told from anybody");
  }
  if (given.NODE_ENV === "production" && given.OIDC_ISSUER) {
    if (!given.OIDC_AUDIENCE && !given.OIDC_CLIENT_ID) {
      faults.push(
        "OIDC_AUDIENCE: must be set in production (or OIDC_CLIENT_ID), or tokens that were issued for other programs would be good here",
      );
    }
    if (/(?:^|[\s,])http:/i.test(given.OIDC_ISSUER)) {
      faults.push("OIDC_ISSUER: must be https: in production, or anybody in between could give us their keys");
    }
  }
  if (Number(given.WEB_CONCURRENCY ?? 1) > 1 && !given.REDIS_URL) {
    faults.push("WEB_CONCURRENCY: more than one worker needs REDIS_URL, since workers share nothing else");
  }
  const [lease, heartbeat] = [given.AGENT_LEASE_MS ?? 30_000, given.AGENT_HEARTBEAT_INTERVAL_MS ?? 10_000].map(Number);
  if (lease !== undefined && heartbeat !== undefined && heartbeat >= lease) {
    faults.push(
      "AGENT_HEARTBEAT_INTERVAL_MS: must be less than AGENT_LEASE_MS, or every agent would be taken for gone",
    );
  }
  return faults;
}

/** The limits that are sent to a client when it connects. */
export function limitsOf(config: Config): ConnectionLimits {
  return {
    messageBytes: config.LIMIT_MESSAGE_BYTES,
    roomsPerConnection: config.LIMIT_ROOMS_PER_CONNECTION,
    subscriptionsPerConnection: config.LIMIT_SUBSCRIPTIONS_PER_CONNECTION,
    commandsPerSecond: config.LIMIT_COMMANDS_PER_SECOND,
    commandsBurst: config.LIMIT_COMMANDS_BURST,
    jsonDepth: config.LIMIT_JSON_DEPTH,
  };
}
