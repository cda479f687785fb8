import winston from "winston";

/** So many warnings of a kind are written in a second. */
export const warningsPerSecond = 20;

/**
 * Warnings of one kind beyond so many a second are counted, and the count is told when the second is over: a store that
 * is away would fill the disk with one line. Nothing else is left out: errors have ids that people look for, and who
 * came, went and did what is wanted in full.
 */
export function sampling(tell: (level: string, message: string, details: object) => void): winston.Logform.Format {
  let seen = new Map<string, number>();
  const sumUp = () => {
    const before = seen;
    seen = new Map();
    for (const [message, count] of before) {
      const leftOut = count - warningsPerSecond;
      if (leftOut > 0) tell("info", "lines left out", { of: message, count: leftOut });
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
