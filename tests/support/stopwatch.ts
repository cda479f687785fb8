import { afterEach } from "@jest/globals";

const tickMs = 50;
/** What is counted at most from one tick to the next. */
const mostMs = 250;

const running = new Set<NodeJS.Timeout>();
afterEach(() => {
  for (const timer of running) clearInterval(timer);
  running.clear();
});

/**
 * Milliseconds from now on, as this process has had them. A second in which the machine did something else is no second
 * that the server, which is in this process too, took for its answer.
 */
export function stopwatch(): () => number {
  let passedMs = 0;
  let at = performance.now();
  const look = () => {
    const now = performance.now();
    passedMs += Math.min(now - at, mostMs);
    at = now;
    return passedMs;
  };
  running.add(setInterval(look, tickMs).unref());
  return look;
}
