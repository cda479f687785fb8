/** How important a line is. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** What is written, and where. */
export interface LoggerOptions {
  /** What is not as important is left out. Default: `warn`. */
  level?: LogLevel | "silent";
  /** Components of which everything is written, such as `protocol:*`. Default: `localStorage.debug`, or `DEBUG`. */
  debug?: string;
  /** Default: the console. */
  write?: (level: LogLevel, line: string, details: readonly unknown[]) => void;
  /** Milliseconds since 1970. */
  now?: () => number;
}

/** Writes for one component. */
export interface Logger {
  /** What only helps to find a fault. */
  debug(message: string, ...details: unknown[]): void;
  /** What happens now and then, and is no fault. */
  info(message: string, ...details: unknown[]): void;
  /** What should not be so, and is coped with. */
  warn(message: string, ...details: unknown[]): void;
  /** What is not coped with. */
  error(message: string, ...details: unknown[]): void;
  /** The same for another component. */
  for(component: string): Logger;
}

const importance = { debug: 0, info: 1, warn: 2, error: 3, silent: 4 } as const;

/** Lines of the form `2026-11-20T12:00:00.000Z [LEVEL] [COMPONENT] message`. */
export function createLogger(options: LoggerOptions = {}, component = "client"): Logger {
  const { level = "warn", debug = debugSetting(), write = toConsole, now = () => Date.now() } = options;
  const least = isDebugged(component, debug) ? "debug" : level;

  const writer =
    (ofLevel: LogLevel) =>
    (message: string, ...details: unknown[]) => {
      if (importance[ofLevel] < importance[least]) return;
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

/** `protocol:*,-protocol:bus` turns on every component but the bus. */
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
    // Node has a storage as well, which warns when it is used.
    return host.process?.env ? (host.process.env.DEBUG ?? "") : (host.localStorage?.getItem("debug") ?? "");
  } catch {
    return "";
  }
}

function toConsole(level: LogLevel, line: string, details: readonly unknown[]): void {
  console[level](line, ...details);
}
