import { afterAll, beforeAll } from "@jest/globals";
import type { Page } from "playwright-core";
import type { BackoffOptions, Client } from "../../client-sdk/index.ts";
import { connectSdk } from "../client-sdk/sdk-client.ts";
import { defined } from "../support/defined.ts";
import { installationMs } from "../support/programs.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { startSdkSite } from "./sdk-site.ts";
import type { StaticSite } from "./static-site.ts";
import type { TestBrowser } from "./test-browser.ts";
import { testMs, useBrowser } from "./use-browser.ts";

/** A browser, and a site whose page has the package. */
interface SdkBrowser {
  readonly browser: TestBrowser;
  readonly site: StaticSite;
}

/** For the tests of a file. */
export function useSdkBrowser(): SdkBrowser {
  let site: StaticSite | undefined;
  beforeAll(async () => {
    site = await startSdkSite();
  }, installationMs);
  afterAll(() => site?.close(), testMs);
  return {
    browser: useBrowser(),
    get site() {
      return defined(site, "the site");
    },
  };
}

interface OpenChat {
  server: TestServer;
  /** By address: a browser takes no notice of a lost network where the host is `localhost`. */
  url: string;
  /** A backend that can write into the conversation 42. */
  robot: Client;
  /** Has nothing on it yet. */
  page: Page;
}

/** A server with a conversation of bob's, and a page. */
export async function openChat({ browser, site }: SdkBrowser, env: Record<string, string> = {}): Promise<OpenChat> {
  const server = await startServer({ store: "memory", env });
  const url = server.url.replace("localhost", "127.0.0.1");
  const robot = await connectSdk({ url }, "robot", { roles: ["service"] });
  await robot.chat.create({ id: "42", members: ["bob"] });
  return { server, url, robot, page: await browser.openPage(site.url) };
}

/**
 * What a page carries out to follow the conversation: it keeps what it was told where a reload finds it. Resolves with
 * the milliseconds from `createClient` until everything was live.
 */
export const follow = (url: string, token: string, backoff: Partial<BackoffOptions> = {}) => `(async () => {
  const { createClient } = await import("@signalbox/client");
  const client = createClient({ url: ${JSON.stringify(url)}, token: ${JSON.stringify(token)}, positions: "session",
    backoff: ${JSON.stringify({ baseMs: 100, maxMs: 1_000, ...backoff })} });
  const begun = performance.now();
  window.client = client;
  window.heard = () => JSON.parse(sessionStorage.getItem("heard") ?? "[]");
  const conversation = client.chat.conversation("42");
  conversation.on("chat_message", ({ data }) => {
    sessionStorage.setItem("heard", JSON.stringify([...window.heard(), data.message]));
  });
  const live = new Promise((resolve) => conversation.on("joined", resolve));
  conversation.on("gap", (gap) => sessionStorage.setItem("gap", JSON.stringify(gap)));
  await client.connect();
  await live;
  return performance.now() - begun;
})()`;

/** The browser notes every attempt while a server is away, and whatever its end has cut short. */
export const apartFromOutages = (faults: readonly string[]) =>
  faults.filter((fault) => !/ERR_(?:CONNECTION_(?:REFUSED|RESET|CLOSED)|EMPTY_RESPONSE)/.test(fault));

export const heard = (page: Page) => page.evaluate<string[]>("window.heard()");

export const numbered = (count: number) => Array.from({ length: count }, (_, index) => `message ${index}`);
