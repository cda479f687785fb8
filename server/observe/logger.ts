import { Writable } from "node:stream";
import winston from "winston";
import { sampling } from "./sampling.ts";

export type Logger = winston.Logger;

export interface LoggerOptions {
  level: "error" | "warn" | "info" | "debug";
  /** `json`: a line of JSON per entry; `text`: for a terminal. */
  format: "json" | "text";
  /** Receives the lines. Default: standard output. */
  write?: (line: string) => void;
}

/** Logs one line per entry, whatever text clients send, with tokens, cookies and secrets redacted. */
export function createLogger({ level, format, write }: LoggerOptions): Logger {
  const { combine, timestamp, json, printf } = winston.format;
  const shape =
    format === "json"
      ? json()
      : printf(({ timestamp: at, level: name, message, ...rest }) => {
          const details = Object.keys(rest).length > 0 ? ` ${JSON.stringify(rest)}` : "";
          return `${String(at)} ${name.padEnd(5)} ${String(message)}${details}`;
        });
  const transport = write
    ? new winston.transports.Stream({ stream: lineStream(write), eol: "" })
    : new winston.transports.Console();
  const sampled = sampling((at, message, details) => logger.log(at, message, details));
  const logger = winston.createLogger({
    level,
    format: combine(sampled, redaction(), timestamp(), shape, oneLine()),
    transports: [transport],
  });
  return logger;
}

const secretKey = /token$|cookie|authorization|secret|password/i;
/** A token, or the beginning of a truncated one. */
const jwt = /eyJ[\w-]{5,}(?:\.[\w-]*)+/g;

const redaction = winston.format((info) => {
  for (const key of Object.keys(info)) info[key] = secretKey.test(key) ? "[redacted]" : redact(info[key]);
  return info;
});

/** Enough for any readable value; ends the recursion in cyclic values. */
const maxDepth = 8;

function redact(value: unknown, depth = 0): unknown {
  if (depth > maxDepth) return "[too deep]";
  if (typeof value === "string") return value.replace(jwt, "[token]");
  if (value instanceof Error) {
    const { name, message, stack, cause } = value;
    const why = {
      ...(cause === undefined ? {} : { cause: redact(cause, depth + 1) }),
      ...(value instanceof AggregateError ? { errors: redact(value.errors, depth + 1) } : {}),
    };
    return { name, message: redact(message), stack: redact(stack), ...why };
  }
  if (Array.isArray(value)) return value.map((inner) => redact(inner, depth + 1));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, secretKey.test(key) ? "[redacted]" : redact(inner, depth + 1)]),
  );
}

/** Where the previous formats leave the finished line. */
const finished = Symbol.for("message");
/** JSON does not escape all of these: U+2028 ends a line for some readers, U+009B begins a terminal command. */
const control = /[\p{Cc}\u2028\u2029]/gu;

/** Prevents clients' text from beginning a new line. Uses the escapes of JSON. */
const oneLine = winston.format((info) => {
  info[finished] = String(info[finished]).replace(control, (character) => {
    const escaped = JSON.stringify(character).slice(1, -1);
    return escaped === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}` : escaped;
  });
  return info;
});

function lineStream(write: (line: string) => void): Writable {
  return new Writable({
    write(chunk, _encoding, done) {
      write(String(chunk));
      done();
    },
  });
}
