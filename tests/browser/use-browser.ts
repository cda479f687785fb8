import { afterAll, afterEach, beforeAll } from "@jest/globals";
import { installationMs } from "../support/programs.ts";
import { TestBrowser } from "./test-browser.ts";

/** How long a test of a whole browser may take: each thing that it waits for has its own, much shorter time. */
export const testMs = 240_000;

/** A browser for all tests of a file: each begins with no page open. */
export function useBrowser(): TestBrowser {
  const browser = new TestBrowser();
  beforeAll(() => browser.launch(), installationMs);
  afterEach(() => browser.closePages(), testMs);
  afterAll(() => browser.close(), testMs);
  return browser;
}
