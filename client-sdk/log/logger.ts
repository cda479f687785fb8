/** Severity of a log line, least severe first. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Which lines are written, and where to. */
export interface LoggerOptions {
  /** Lines below this level are dropped. Default: `warn`. */
  level?: LogLevel | "silent";
  /** Components logged at `debug`, such as `protocol:*`. Default: `localStorage.debug`, or in Node `DEBUG`. */
  debug?: string;
  /** Where lines go. Default: the console. */
  write?: (level: LogLevel, line: string, details: readonly unknown[]) => void;
  /** The clock, milliseconds since 1970. */
  now?: () => number;
}

/** The logger of one component. */
export interface Logger {
  /** Details for finding a fault. */
  debug(message: string, ...details: unknown[]): void;
  /** Normal, infrequent events. */
  info(message: string, ...details: unknown[]): void;
  /** Something is wrong, and the client handles it. */
  warn(message: string, ...details: unknown[]): void;
  /** Something is wrong, and the client cannot handle it. */
  error(message: string, ...details: unknown[]): void;
  /** A logger with the same options for another component. */
  for(component: string): Logger;
}

const severity = { debug: 0, info: 1, warn: 2, error: 3, silent: 4 } as const;

/** Lines of the form `2026-11-20T12:00:00.000Z [LEVEL] [COMPONENT] message`. */
export function createLogger(options: LoggerOptions = {}, component = "client"): Logger {
  const { level = "warn", debug = debugSetting(), write = toConsole, now = () => Date.now() } = options;
  const threshold = isDebugged(component, debug) ? "debug" : level;

  const writer =
    (ofLevel: LogLevel) =>
    (message: string, ...details: unknown[]) => {
      if (severity[ofLevel] < severity[threshold]) return;
      const time = new Date(now()).toISOString();
      write(ofLevel, `${time} [${ofLevel.toUpperCase()}] [${component.toUpperCase()}] ${message}`, details);
    };
  return {
    debug: writer("debug"),
    info: writer("info"),
    warn: writer("warn"),
    error: writer("error"),
    for: (other) => createLogger(options, other),
  };
}

/** Whether `debug` enables a component. `protocol:*,-protocol:bus` enables every component but the bus. */
export function isDebugged(component: string, setting: string): boolean {
  const name = `protocol:${component}`;
  let isOn = false;
  for (const pattern of setting.split(/[\s,]+/)) {
    const isExcluded = pattern.startsWith("-");
    if (matches(isExcluded ? pattern.slice(1) : pattern, name)) isOn = !isExcluded;
  }
  return isOn;
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}

interface Host {
  setTimeout: typeof setTimeout;
  localStorage?: { getItem(key: string): string | null };
  process?: { env?: Record<string, string | undefined> };
}

function debugSetting(): string {
  const host: Host = globalThis;
  try {
    // Node has a localStorage too, which prints a warning when it is read.
    return host.process?.env ? (host.process.env.DEBUG ?? "") : (host.localStorage?.getItem("debug") ?? "");
  } catch {
    return "";
  }
}

function toConsole(level: LogLevel, line: string, details: readonly unknown[]): void {
  console[level](line, ...details);
}
