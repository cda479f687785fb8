import { createPublicKey, generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, jest } from "@jest/globals";
import jwt from "jsonwebtoken";
import Provider, { type Configuration } from "oidc-provider";
import { z } from "zod";
import type { Role } from "../../shared/role.ts";

export const audience = "https://signalbox.example";
const client = { client_id: "app", client_secret: "a secret of the app", redirect_uri: "http://localhost/back" };

/** A key pair as a provider keeps it. */
type ProviderKey = ReturnType<typeof createProviderKey>;

export function createProviderKey(alg: "RS256" | "PS256" | "ES256" = "RS256", kid = randomUUID() as string) {
  const { privateKey } =
    alg === "ES256"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const publicJwk = { ...createPublicKey(privateKey).export({ format: "jwk" }), kid, alg, use: "sig" };
  return { privateKey, kid, alg, publicJwk, jwk: { ...privateKey.export({ format: "jwk" }), kid, alg, use: "sig" } };
}

/** Takes a while to make, and most tests care for none in particular. */
let usualKey: ProviderKey | undefined;

// It says at length that its pages are for development.
beforeEach(() => {
  for (const level of ["warn", "info"] as const) jest.spyOn(console, level).mockImplementation(() => {});
});
afterEach(() => void jest.restoreAllMocks());

const opened: TestProvider[] = [];
afterEach(async () => {
  for (const provider of opened.splice(0)) await provider.close();
});

interface TestProviderOptions {
  key?: ProviderKey;
  /** Where the tokens go. */
  audience?: string;
}

/** A page that people sign in from, which can keep no secret. */
interface SignInPage {
  clientId: string;
  redirectUri: string;
}

/** What a login gives. */
const Tokens = z.looseObject({ access_token: z.string(), id_token: z.string(), refresh_token: z.string() });
type Tokens = z.output<typeof Tokens>;

/** A real OpenID provider, where anybody logs in under any name. Closed after the test. */
export class TestProvider {
  key: ProviderKey;
  roles: readonly Role[] = ["user"];
  /** Seconds that an access token is good for. */
  lifetime = 3_600;
  /** How often the keys were asked for. */
  keysRead = 0;
  /** How often anything was asked for. */
  asked = 0;
  /** What it publishes in place of its own key. */
  keySet: readonly object[] | undefined;
  /** `true`: everything is answered 503. */
  isDown = false;
  readonly #options: TestProviderOptions;
  #pages: readonly SignInPage[] = [];
  #logoutsTo: { url: string; withSession: boolean } | undefined;
  readonly #server: Server;
  #serve: RequestListener = () => {};

  private constructor(server: Server, options: TestProviderOptions) {
    this.#server = server;
    this.#options = options;
    usualKey ??= createProviderKey();
    this.key = options.key ?? usualKey;
    server.on("request", (request, response) => {
      const isForKeys = request.url?.startsWith("/jwks");
      this.asked++;
      if (isForKeys) this.keysRead++;
      if (isForKeys && this.keySet) response.end(JSON.stringify({ keys: this.keySet }));
      else if (this.isDown) response.writeHead(503).end();
      else this.#serve(request, response);
    });
  }

  static async start(options: TestProviderOptions = {}): Promise<TestProvider> {
    const server = createServer();
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    const provider = new TestProvider(server, options);
    opened.push(provider);
    provider.rotate(provider.key);
    return provider;
  }

  get issuer(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** From now on it signs with this key, and publishes it and no other. */
  rotate(key: ProviderKey = createProviderKey()): void {
    this.key = key;
    const provider = new Provider(this.issuer, this.#configuration());
    const callback = provider.callback();
    this.#serve = (request, response) => void callback(request, response);
  }

  /** From now on it posts logouts there, and says of which session they are or of which user alone. */
  postLogouts(to: { url: string; withSession: boolean }): void {
    this.#logoutsTo = to;
    this.rotate(this.key);
  }

  /** From now on it lets people sign in from this page. */
  letSignInFrom(page: SignInPage): void {
    this.#pages = [page];
    this.rotate(this.key);
  }

  /** Goes the way of a browser and of the program behind it: login, consent, code, tokens. */
  async logIn(user: string, browser = new Browser(this.issuer)): Promise<Tokens> {
    const query = new URLSearchParams({
      client_id: client.client_id,
      redirect_uri: client.redirect_uri,
      response_type: "code",
      scope: "openid offline_access",
      prompt: "consent",
      nonce: "n-1",
    });
    const login = await browser.open(`/auth?${query}`);
    const consent = await browser.open(login, { prompt: "login", login: user, password: "any" });
    const back = new URL(await browser.open(consent, { prompt: "consent" }));
    return this.#token({
      grant_type: "authorization_code",
      code: back.searchParams.get("code") ?? "",
      redirect_uri: client.redirect_uri,
    });
  }

  /** What the program does before a token ends. */
  refresh(refreshToken: string): Promise<Tokens> {
    return this.#token({ grant_type: "refresh_token", refresh_token: refreshToken });
  }

  /** A token that it could have signed, with these claims beside the usual and a header of one's choice. */
  sign(claims: object = {}, header: object = {}): string {
    const nowSeconds = Math.floor(Date.now() / 1000);
    const usual = { iss: this.issuer, aud: audience, sub: "ada", exp: nowSeconds + 3_600, roles: ["user"] };
    const { privateKey, alg, kid } = this.key;
    // What is undefined is left out, as the library refuses to do.
    const all: object = JSON.parse(JSON.stringify({ ...usual, ...claims }));
    return jwt.sign(all, privateKey, {
      algorithm: alg,
      header: { alg, kid, typ: "at+jwt", ...header },
    });
  }

  /** The browser's user logs out, of everything. */
  async logOut(browser: Browser): Promise<void> {
    const page = await browser.read("/session/end");
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(page)?.[1] ?? "";
    await browser.open("/session/end/confirm", { xsrf, logout: "yes" });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()));
  }

  async #token(parameters: Record<string, string>): Promise<Tokens> {
    const credentials = Buffer.from(`${client.client_id}:${encodeURIComponent(client.client_secret)}`).toString(
      "base64",
    );
    const response = await fetch(`${this.issuer}/token`, {
      method: "POST",
      headers: { authorization: `Basic ${credentials}` },
      body: new URLSearchParams(parameters),
    });
    if (!response.ok) throw new Error(`No token: ${await response.text()}`);
    return Tokens.parse(await response.json());
  }

  #configuration(): Configuration {
    const { alg, jwk } = this.key;
    const { audience: resource = audience } = this.#options;
    return {
      jwks: { keys: [jwk] },
      ttl: {
        AccessToken: () => this.lifetime,
        Grant: 3_600,
        IdToken: 3_600,
        Interaction: 600,
        RefreshToken: 3_600,
        Session: 3_600,
      },
      cookies: { keys: ["a key of the cookies"] },
      clients: [
        {
          client_id: client.client_id,
          client_secret: client.client_secret,
          redirect_uris: [client.redirect_uri],
          grant_types: ["authorization_code", "refresh_token"],
          id_token_signed_response_alg: alg,
          ...(this.#logoutsTo && {
            backchannel_logout_uri: this.#logoutsTo.url,
            backchannel_logout_session_required: this.#logoutsTo.withSession,
          }),
        },
        ...this.#pages.map(({ clientId, redirectUri }) => ({
          client_id: clientId,
          redirect_uris: [redirectUri],
          grant_types: ["authorization_code", "refresh_token"],
          token_endpoint_auth_method: "none" as const,
          id_token_signed_response_alg: alg,
        })),
      ],
      // As most providers do; this one by itself only where `offline_access` is asked for.
      issueRefreshToken: async () => true,
      clientBasedCORS: () => true,
      clientDefaults: { id_token_signed_response_alg: alg },
      enabledJWA: { idTokenSigningAlgValues: [alg] },
      pkce: { required: () => false },
      findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
      extraTokenClaims: ({ oidc }) => {
        const { sid } = oidc.entities.AuthorizationCode ?? oidc.entities.RefreshToken ?? {};
        return { roles: this.roles, name: "Ada", ...(sid === undefined ? {} : { sid }) };
      },
      features: {
        backchannelLogout: { enabled: true },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => resource,
          useGrantedResource: () => true,
          getResourceServerInfo: () => ({
            scope: "",
            audience: resource,
            accessTokenFormat: "jwt",
            accessTokenTTL: this.lifetime,
            jwt: { sign: { alg } },
          }),
        },
      },
    };
  }
}

/** As much of a browser as a login needs: it follows redirects to the same site, and keeps cookies. */
export class Browser {
  readonly #site: string;
  readonly #cookies = new Map<string, string>();

  constructor(site: string) {
    this.#site = site;
  }

  /** Where it ends: a page of the site, or the first address elsewhere. */
  async open(path: string, form?: Record<string, string>): Promise<string> {
    let url = new URL(path, this.#site);
    let response = await this.#ask(url, form);
    for (;;) {
      const location = response.headers.get("location");
      if (location === null) return url.href;
      url = new URL(location, url);
      if (url.origin !== this.#site) return url.href;
      response = await this.#ask(url);
    }
  }

  /** The text of a page. */
  async read(path: string): Promise<string> {
    return (await this.#ask(new URL(path, this.#site))).text();
  }

  async #ask(url: URL, form?: Record<string, string>): Promise<Response> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, {
      redirect: "manual",
      headers: { cookie },
      ...(form && { method: "POST", body: new URLSearchParams(form) }),
    });
    for (const set of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      if (value === "") this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return response;
  }
}
