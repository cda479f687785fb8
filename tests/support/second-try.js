import { expect, jest } from "@jest/globals";

/**
 * What talks with processes, a network and a browser is tried once more when it fails: the machine may have had something
 * else to do. The first failure is printed all the same, and the run ends with a list of those that needed it
 * (`closing-line-reporter.js`), since each is a fault to be found. What runs by itself has no such excuse.
 */
if (!/[\\/]tests[\\/](unit|contracts|protocol|repository)[\\/]/.test(expect.getState().testPath ?? "")) {
  jest.retryTimes(1, { logErrorsBeforeRetry: true });
}
