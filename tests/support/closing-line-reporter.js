/**
 * Prints `N passed, N failed` (and `, N skipped` if any) as the very last line of a run, and before it which of those
 * that passed needed a second try.
 *
 * Jest appends its coverage and summary reporters after those of the configuration, so whatever `onRunComplete`
 * prints is followed by theirs. The end of the process is the one moment after all of them.
 */
export default class ClosingLineReporter {
  /** @param {import("@jest/reporters").AggregatedResult} results */
  onRunComplete(_contexts, results) {
    const lines = [...secondTries(results), closingLine(results)];
    // Synchronous on files and, outside Windows, on pipes and terminals: the line is out before the process is gone.
    process.once("exit", () => process.stdout.write(`${lines.join("\n")}\n`));
  }
}

function secondTries({ testResults }) {
  const needed = testResults.flatMap(({ testResults: tests }) => tests.filter(isSecondTry));
  return needed.map(({ fullName }) => `Passed at the second try only: ${fullName}`);
}

const isSecondTry = ({ status, invocations }) => status === "passed" && (invocations ?? 1) > 1;

/** A test file that could not be run is one failure: none of its tests is counted. */
function closingLine({ numPassedTests, numFailedTests, numPendingTests, numTodoTests, numRuntimeErrorTestSuites }) {
  const failed = numFailedTests + numRuntimeErrorTestSuites;
  const skipped = numPendingTests + numTodoTests;
  return `${numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
