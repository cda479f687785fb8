import { secondTriesOf } from "./second-tries.js";
import { SlowWaits } from "./slow-waits.js";

/**
 * Prints `N passed, N failed` (and `, N skipped` if any) as the very last line of a run, and before it the slowest waits
 * and the tests that needed a second try. In CI such a test has failed, unless it is listed (`second-tries.js`).
 *
 * Jest appends its coverage and summary reporters after those of the configuration, so whatever `onRunComplete`
 * prints is followed by theirs. The end of the process is the one moment after all of them.
 */
export default class ClosingLineReporter {
  #waits = new SlowWaits();
  #config;
  #failed = 0;

  /** @param {import("@jest/reporters").Config.GlobalConfig} config */
  constructor(config) {
    this.#config = config;
  }

  /** @param {import("@jest/reporters").AggregatedResult} results */
  onRunComplete(_contexts, results) {
    const { needed, faults } = secondTriesOf(results, this.#config.rootDir);
    const refused = this.#config.ci ? needed.filter(({ isListed }) => !isListed) : [];
    this.#failed = refused.length + faults.length;
    const lines = [
      ...this.#waits.take(),
      ...faults,
      ...needed.map(
        (test) =>
          `${refused.includes(test) ? "FAILED: p" : "P"}assed at the second try only: ${test.file}: ${test.test}`,
      ),
      closingLine(results, refused.length, faults.length),
    ];
    // Synchronous on files and, outside Windows, on pipes and terminals: the line is out before the process is gone.
    process.once("exit", () => process.stdout.write(`${lines.join("\n")}\n`));
  }

  /** Jest ends with 1 where a reporter had an error. */
  getLastError() {
    return this.#failed > 0 ? new Error(`${this.#failed} failed by the report`) : undefined;
  }
}

/** A test file that could not be run is one failure: none of its tests is counted. */
function closingLine(results, secondTries, faults) {
  const passed = results.numPassedTests - secondTries;
  const failed = results.numFailedTests + results.numRuntimeErrorTestSuites + secondTries + faults;
  const skipped = results.numPendingTests + results.numTodoTests;
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
