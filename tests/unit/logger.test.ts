import { describe, expect, it } from "@jest/globals";
import { createLogger, type Logger, type LoggerOptions } from "../../server/observe/logger.ts";
import { tokenOf } from "../support/tokens.ts";
import { eventually } from "../support/within.ts";

type Format = LoggerOptions["format"];
const formats: Format[] = ["json", "text"];

/** The entries that came out, one text each. */
async function linesOf(format: Format, log: (logger: Logger) => void): Promise<string[]> {
  const lines: string[] = [];
  const logger = createLogger({ level: "info", format, write: (line) => lines.push(line) });
  log(logger);
  logger.info("the end");
  await eventually(() => lines.some((line) => line.includes("the end")), "the last entry");
  logger.close();
  return lines.slice(0, -1);
}

async function outputOf(format: Format, log: (logger: Logger) => void): Promise<string> {
  return (await linesOf(format, log)).join("\n");
}

describe.each(formats)("the log (%s)", (format) => {
  const token = tokenOf("ada");

  it.each<[string, (logger: Logger) => void]>([
    ["in the message", (logger) => logger.info(`GET /chat?token=${token} HTTP/1.1`)],
    ["in a detail", (logger) => logger.info("request", { url: `/chat?token=${token}` })],
    ["in a list in a detail", (logger) => logger.info("request", { query: [{ q: ["x", token] }] })],
    ["in an error's message", (logger) => logger.error("failed", { error: new Error(`bad token ${token}`) })],
    ["in an error's stack", (logger) => logger.error("failed", { error: errorWithStack(token) })],
    [
      "in the cause of an error",
      (logger) => logger.error("failed", { error: new Error("outer", { cause: new Error(token) }) }),
    ],
    ["twice in one text", (logger) => logger.info(`${token} and ${token}`)],
  ])("LOGGING-1 a token is redacted %s", async (_where, log) => {
    const output = await outputOf(format, log);

    expect(output).toContain("[token]");
    expect(output).not.toContain(token.slice(-20));
    expect(output).not.toMatch(/eyJ[\w-]+\.[\w-]+\.[\w-]+/);
  });

  it.each([
    "token",
    "accessToken",
    "refresh_token",
    "cookie",
    "Cookie",
    "set-cookie",
    "authorization",
    "Authorization",
    "JWT_SECRET",
    "clientSecret",
    "password",
  ])("LOGGING-1 the value of the key %s is redacted, at any depth", async (key) => {
    const output = await outputOf(format, (logger) => {
      logger.info("at the top", { [key]: "hunter2" });
      logger.info("further in", { handshake: { headers: [{ [key]: "hunter2" }] } });
      logger.info("a whole object", { [key]: { value: "hunter2" } });
    });

    expect(output).not.toContain("hunter2");
    expect(output.match(/\[redacted\]/g)).toHaveLength(3);
  });

  it("LOGGING-1 other values are not redacted", async () => {
    const output = await outputOf(format, (logger) =>
      logger.info("connected", { userId: "ada", connectionId: "c-1", count: 3, nothing: null }),
    );

    for (const part of ["connected", '"userId":"ada"', '"connectionId":"c-1"', '"count":3', '"nothing":null']) {
      expect(output).toContain(part);
    }
  });

  it("LOGGING-1 an error keeps its name, message, stack and cause", async () => {
    const error = new TypeError("outer", { cause: new RangeError("inner") });

    const output = await outputOf(format, (logger) => logger.error("failed", { error }));

    for (const part of ["TypeError", "outer", "RangeError", "inner", "logger.test.ts"]) expect(output).toContain(part);
  });

  it.each([
    ["a line feed", "\n"],
    ["a carriage return", "\r"],
    ["both", "\r\n"],
    ["a vertical tab", "\v"],
    ["a form feed", "\f"],
    ["a next line", "\u0085"],
    ["a line separator", "\u2028"],
    ["a paragraph separator", "\u2029"],
    ["an escape", "\u001b"],
    ["a control sequence introducer", "\u009b"],
    ["a delete", "\u007f"],
  ])("LOGGING-2 %s in a client's text stays within its entry", async (_what, character) => {
    const forged = `ada${character}2024-01-01 error forged`;

    const lines = await linesOf(format, (logger) => {
      logger.info(forged);
      logger.info("joined", { name: forged, error: new Error(forged) });
      logger.info("joined", { [forged]: 1 });
    });

    expect(lines).toHaveLength(3);
    for (const line of lines) {
      expect(line).toContain("error forged");
      expect(line).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
    }
  });
});

describe("the log", () => {
  it("LOGGING-2 in production it is JSON, one object per line", async () => {
    const lines = await linesOf("json", (logger) => {
      logger.info("one", { userId: "ada", text: "a\nb\u0085c" });
      logger.warn("two\nthree");
    });

    const entries = lines.map((line) => JSON.parse(line));
    const timestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(entries).toEqual([
      { level: "info", message: "one", userId: "ada", text: "a\nb\u0085c", timestamp },
      { level: "warn", message: "two\nthree", timestamp },
    ]);
  });

  it("LOGGING-2 entries below its level are omitted", async () => {
    const lines = await linesOf("text", (logger) => {
      logger.debug("debug");
      logger.warn("warn");
    });

    expect(lines).toEqual([expect.stringMatching(/^\S+Z warn {2}warn$/)]);
  });
});

function errorWithStack(text: string): Error {
  const error = new Error("failed");
  error.stack = `Error: failed\n    at ${text}`;
  return error;
}

describe("noisy warnings", () => {
  it("SEC-10 repeated warnings are counted and summed up, and nothing else is omitted", async () => {
    const lines: string[] = [];
    const logger = createLogger({ level: "info", format: "json", write: (line) => lines.push(line) });
    const messages = () => lines.map((line) => (JSON.parse(line) as { message: string }).message);

    for (let index = 0; index < 100; index++) {
      logger.warn("will be tried again", { index });
      logger.error("command failed", { index });
      logger.info("connected", { index });
    }
    logger.warn("another");
    await eventually(() => messages().includes("lines left out"), "the sum");
    logger.warn("will be tried again");
    await eventually(() => messages().filter((message) => message === "will be tried again").length > 20, "the next");
    logger.close();

    const count = (message: string) => messages().filter((other) => other === message).length;
    const names = ["will be tried again", "command failed", "connected", "another", "lines left out"];
    expect(names.map(count)).toEqual([21, 100, 100, 1, 1]);
    const sum = lines.map((line) => JSON.parse(line)).find(({ message }) => message === "lines left out");
    expect(sum).toMatchObject({ of: "will be tried again", count: 80 });
  });
});
