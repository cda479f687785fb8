/** Jest runs the TypeScript as it stands, as ES modules; the types are checked apart, by `npm run types`. */
export default {
  testEnvironment: "node",
  globalSetup: "<rootDir>/tests/support/before-all-tests.js",
  setupFilesAfterEnv: ["<rootDir>/tests/support/second-try.js"],
  testMatch: ["<rootDir>/tests/**/*.test.ts"],
  extensionsToTreatAsEsm: [".ts"],
  transform: { "^.+\\.ts$": ["@swc/jest", { jsc: { target: "es2022", parser: { syntax: "typescript" } } }] },
  // One line at the very end, `N passed, N failed`, for people and machines that read only the tail of a long output.
  reporters: ["default", "<rootDir>/tests/support/closing-line-reporter.js"],
  coverageProvider: "v8",
  // What needs a page runs in a real browser, which is not counted here.
  collectCoverageFrom: [
    "server/**/*.ts",
    "shared/**/*.ts",
    "client-sdk/**/*.ts",
    "!client-sdk/{dist,element,react}/**",
  ],
  coverageReporters: ["text-summary", "lcovonly"],
  coverageThreshold: { global: { lines: 85 } },
  // Long: only what hangs reaches it. A machine that is busy with something else is not a fault of the tests.
  testTimeout: 90_000,
  // More than there are cores: most tests wait, for sockets, leases and servers that start.
  maxWorkers: 3,
  // Modules of files that are done stay in memory (V8 keeps contexts of ES modules): a collection of 1.5 GB takes seconds.
  workerIdleMemoryLimit: "500MB",
  openHandlesTimeout: 2_000,
};
