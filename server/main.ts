import cluster from "node:cluster";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { type ExampleTokenOptions, exampleTokens } from "./access/example-tokens.ts";
import { type Config, ConfigurationError, hostOf, loadConfig } from "./compose/config.ts";
import { createServer } from "./compose/create-server.ts";
import { listenBacklog, urlOf } from "./compose/listening.ts";
import type { WorkersOptions } from "./compose/workers.ts";
import { createLineWriter } from "./observe/line-writer.ts";
import { createLogger, type Logger } from "./observe/logger.ts";

// The only file that touches the process: environment, signals, exit code.

// Events dropped by logs and rings are in V8's old generation by then. By default V8 collects it every few megabytes,
// in helper threads that occupy the core for 60 ms at a time; with this setting only when the heap has doubled.
setFlagsFromString("--heap-growing-percent=100");

/** After an interrupt at a terminal the server stops without a drain window. */
const interruptDrainMs = 0;

const output = createLineWriter(process.stdout);
// The same of what libraries and Node itself write there.
process.stderr.on("error", () => {});

async function main(): Promise<void> {
  if (existsSync(".env")) process.loadEnvFile(".env");
  const config = loadConfig(process.env);
  const isProduction = config.NODE_ENV === "production";
  const logger = createLogger({
    level: config.LOG_LEVEL,
    format: config.LOG_FORMAT ?? (isProduction ? "json" : "text"),
    write: output.write,
  });

  // Not with an OpenID provider: then the server's own tokens are not wanted.
  const generatedSecret =
    !config.JWT_SECRET && config.OIDC_ISSUER.length === 0 ? randomBytes(32).toString("base64") : undefined;
  const JWT_SECRET = config.JWT_SECRET ?? generatedSecret;
  const { WEB_CONCURRENCY: count, PORT: port } = config;
  const host = hostOf(config);
  const running =
    count > 1 && cluster.isPrimary
      ? await workers({
          count,
          port,
          host,
          backlog: listenBacklog,
          env: JWT_SECRET === undefined ? {} : { JWT_SECRET },
          logger,
        })
      : await instance({ ...config, JWT_SECRET }, logger);
  const url = urlOf(host, running.port);
  if (cluster.isWorker) logger.info("worker ready", { worker: cluster.worker?.id });
  else logger.info("listening", { url, store: config.REDIS_URL ? "redis" : "memory", workers: count });
  // Only for a generated secret: tokens of a configured one would stay valid after this run, and could end up in a log.
  if (generatedSecret !== undefined && cluster.isPrimary)
    output.write(welcome(url + config.BASE_PATH, generatedSecret, config));

  let stopping = false;
  const stop = async (why: NodeJS.Signals | "bug") => {
    if (stopping) {
      // Some platforms send SIGTERM more than once, and to every process; workers also receive it from their primary.
      if (why === "SIGTERM" || (why === "SIGINT" && cluster.isWorker)) return;
      process.exit(1);
    }
    stopping = true;
    logger.info("stopping", { why });
    const exitCode = await running.stop(why === "bug" ? "SIGTERM" : why);
    logger.info("stopped");
    process.exit(why === "bug" ? 1 : exitCode);
  };
  const stopOrDie = (why: NodeJS.Signals | "bug") => {
    stop(why).catch((error: unknown) => {
      logger.error("could not stop cleanly", { error });
      process.exit(1);
    });
  };
  process.on("SIGTERM", stopOrDie);
  process.on("SIGINT", stopOrDie);
  // After an uncaught error the state is unknown: exit, and let the platform start a new process.
  const onBug = (error: unknown) => {
    logger.error("uncaught error: stopping", { error });
    stopOrDie("bug");
  };
  process.on("unhandledRejection", onBug);
  process.on("uncaughtException", onBug);
}

/** The server or the workers of this process. */
interface Running {
  port: number;
  /** Resolves with the exit code. */
  stop(signal: NodeJS.Signals): Promise<number>;
}

async function instance(config: Config, logger: Logger): Promise<Running> {
  const { isWorker } = cluster;
  const gather = isWorker ? { gatherMetrics: (await import("./compose/worker-metrics.ts")).gatherFromWorkers } : {};
  const server = await createServer(config, logger, { isWorker, lostLogLines: () => output.lost, ...gather });
  if (isWorker) (await import("./compose/workers.ts")).tellReady();
  return {
    port: server.port,
    async stop(signal) {
      await server.drain(signal === "SIGINT" ? interruptDrainMs : config.DRAIN_MS);
      await server.close();
      return 0;
    },
  };
}

/** Imported only where it is used, since it attaches to the cluster's events. */
async function workers(options: WorkersOptions): Promise<Running> {
  const { startWorkers } = await import("./compose/workers.ts");
  return startWorkers(options);
}

function welcome(url: string, secret: string, config: ExampleTokenOptions): string {
  const lines = exampleTokens(secret, config).map(
    ({ name, roles, token }) => `  ${name}, ${roles.join(" and ")}\n    ${url}/#token=${token}`,
  );
  return `
Signalbox is running at ${url}

JWT_SECRET is not set, so the server has generated a secret for this run. The links below are valid until it stops.
Open one of them (for several users, in separate browser profiles or private windows):

${lines.join("\n")}
`;
}

/** Returns only the message for faults that the operator can correct, without a stack. */
function explain(error: unknown): unknown {
  if (error instanceof ConfigurationError || (error instanceof Error && /^(?:REDIS|OTEL)_\w+: /.test(error.message))) {
    return error.message;
  }
  if (error instanceof Error && error.name === "WorkerFailed") return error.message;
  const { code, port, address } = error as { code?: string; port?: number; address?: string };
  if (code === "EADDRINUSE") return `Port ${port} is in use. Set PORT to another one, or stop what listens there.`;
  if (code === "EACCES" && port !== undefined)
    return `Port ${port} is not allowed for this user. Set PORT to another one.`;
  if (code === "EADDRNOTAVAIL") return `This machine has no address ${address}. Set HOST to one that it has.`;
  return error;
}

main().catch((error: unknown) => {
  console.error(explain(error));
  process.exit(1);
});
