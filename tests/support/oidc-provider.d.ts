/** What the tests use of the package, which brings no types of its own. */
declare module "oidc-provider" {
  import type { RequestListener } from "node:http";

  interface TokenContext {
    oidc: { entities: { AuthorizationCode?: { sid?: string }; RefreshToken?: { sid?: string } } };
  }

  export interface Configuration {
    jwks: { keys: object[] };
    extraTokenClaims(context: TokenContext, token: unknown): object;
    findAccount(context: unknown, id: string): { accountId: string; claims(): object };
    [setting: string]: unknown;
  }

  export default class Provider {
    constructor(issuer: string, configuration: Configuration);
    callback(): RequestListener;
  }
}
