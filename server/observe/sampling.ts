import winston from "winston";

/** Warnings with the same message that are written per second. */
const warningsPerSecond = 20;

/**
 * Counts the warnings of one message beyond the limit and logs the count when the second is over; an unreachable store
 * would otherwise fill the disk with one line. Only warnings are left out: people look for errors by their ids, and
 * entries of the audit log are needed in full.
 */
export function sampling(log: (level: string, message: string, details: object) => void): winston.Logform.Format {
  let seen = new Map<string, number>();
  const sumUp = () => {
    const before = seen;
    seen = new Map();
    for (const [message, count] of before) {
      const leftOut = count - warningsPerSecond;
      if (leftOut > 0) log("info", "lines left out", { of: message, count: leftOut });
    }
  };
  return winston.format((info) => {
    if (info.level !== "warn") return info;
    if (seen.size === 0) setTimeout(sumUp, 1_000).unref();
    const message = String(info.message);
    const count = (seen.get(message) ?? 0) + 1;
    seen.set(message, count);
    return count <= warningsPerSecond ? info : false;
  })();
}
