import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/**
 * The tests that may need a second try for now: `[{ file, test, since, reason }]`, with the full name of the test.
 * In CI any other that passes at its second try only has failed; elsewhere it is named at the end of the run.
 */
const list = "tests/second-tries.json";

/**
 * The tests that passed at the second try only, and what is wrong with the list.
 *
 * @param {import("@jest/reporters").AggregatedResult} results
 * @param {string} rootDir
 */
export function secondTriesOf(results, rootDir) {
  const testsOf = new Map(results.testResults.map((file) => [relative(rootDir, file.testFilePath), file.testResults]));
  const entries = readList(rootDir);
  const mayBe = (file, test) => entries.some((entry) => entry.file === file && entry.test === test);
  const needed = [...testsOf].flatMap(([file, tests]) =>
    tests.filter(isSecondTry).map(({ fullName }) => ({ file, test: fullName, isListed: mayBe(file, fullName) })),
  );
  const faults = entries.flatMap((entry) =>
    faultsOf(entry, rootDir, testsOf).map((fault) => `${list}: ${fault}: ${JSON.stringify(entry)}`),
  );
  return { needed, faults };
}

const isSecondTry = ({ status, invocations }) => status === "passed" && (invocations ?? 1) > 1;

/** A project without the file has no such tests. */
function readList(rootDir) {
  const path = join(rootDir, list);
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : [];
}

function faultsOf({ file, test, since, reason }, rootDir, testsOf) {
  const faults = [];
  if (!isPastDay(since)) faults.push("`since` must be a day of the past, such as 2026-12-01");
  if (!isText(reason)) faults.push("there is no `reason`");
  const tests = testsOf.get(file);
  // A file that was not run, or could not be, says nothing of its tests.
  const isThere = tests?.length > 0 ? tests.some(({ fullName }) => fullName === test) : existsInProject(rootDir, file);
  if (!isThere) faults.push("there is no such test");
  return faults;
}

const isText = (value) => typeof value === "string" && value.trim() !== "";
const existsInProject = (rootDir, file) => isText(file) && existsSync(join(rootDir, file));
const isPastDay = (value) => /^\d{4}-\d\d-\d\d$/.test(value) && Date.parse(value) <= Date.now();
