import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import express, { type Request, type Response, Router } from "express";
import helmet from "helmet";

export interface DashboardOptions {
  /** OpenID providers that pages may request tokens from. */
  providers: readonly string[];
  /** Settings passed to the page. */
  settings: { basePath: string; socketPath: string; hasAdmin: boolean };
  /** Folder of the built dashboard. */
  folder?: string | undefined;
}

/** What the build has made of `dashboard/`; the tests run the server's sources as they stand. */
const built = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../../../dist/dashboard" : "../../../dashboard", import.meta.url),
);

/** Placeholders in the built page; dashboard/vite.config.ts and dashboard/index.html have them, too. */
const noncePlaceholder = "CSP_NONCE";
const settingsPlaceholder = "SERVER_SETTINGS";

const notBuilt = `<!doctype html><html lang="en"><title>Signalbox</title>
<p>The dashboard has not been built: <code>npm run build</code>.</p>`;

/**
 * Serves the dashboard at `/` and at the address of each of its screens. Files under `assets/` are named by their
 * content and never change. SPEC PAGE-3, PAGE-4.
 */
export function createDashboard({ providers, settings, folder = built }: DashboardOptions): Router {
  const dashboard = Router();
  const index = join(folder, "index.html");
  const page = existsSync(index) ? fillIn(readFileSync(index, "utf8"), settings) : undefined;
  const policy = contentSecurityPolicy(providers);

  dashboard.use(
    "/assets",
    express.static(join(folder, "assets"), { index: false, redirect: false, immutable: true, maxAge: "1y" }),
  );
  dashboard.use(express.static(folder, { index: false, redirect: false, cacheControl: false, setHeaders: revalidate }));
  dashboard.use((request, response, next) => {
    if (!isForAPage(request)) return next();
    response.locals.nonce = randomBytes(16).toString("base64");
    policy(request, response, (error?: unknown) => {
      if (error !== undefined) return next(error);
      revalidate(response);
      // To this server only: over plain HTTP it proves the cookie. See server/connect/header-token.ts.
      response.setHeader("Referrer-Policy", "same-origin");
      response.type("html");
      if (page === undefined) return response.status(503).end(notBuilt);
      return response.end(page.replaceAll(noncePlaceholder, String(response.locals.nonce)));
    });
  });
  return dashboard;
}

/** The build refers to its files as `./assets/…`, but screens have addresses at several depths. */
function fillIn(html: string, settings: DashboardOptions["settings"]): string {
  const settingsJson = JSON.stringify(settings).replaceAll('"', "&quot;");
  return html.replaceAll('"./', `"${settings.basePath}/`).replace(settingsPlaceholder, settingsJson);
}

/** Whether a browser navigates to a page, as opposed to loading a file or calling the API. */
function isForAPage(request: Request): boolean {
  if (request.method !== "GET" && request.method !== "HEAD") return false;
  if (/^\/(?:api|assets)(?:\/|$)/.test(request.path)) return false;
  return request.path === "/" || request.accepts(["json", "html"]) === "html";
}

function revalidate(response: Response): void {
  response.setHeader("Cache-Control", "no-cache");
}

/** Allows only the server's own scripts and sockets; styles made by scripts carry the response's nonce. */
function contentSecurityPolicy(providers: readonly string[]) {
  const nonce = (_request: unknown, response: unknown) => `'nonce-${(response as Response).locals.nonce}'`;
  return helmet.contentSecurityPolicy({
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'", nonce],
      imgSrc: ["'self'", "data:"],
      fontSrc: ["'self'"],
      connectSrc: ["'self'", ...providers.map((issuer) => new URL(issuer).origin)],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  });
}
