import jwt from "jsonwebtoken";
import type { Role } from "../../shared/role.ts";

interface ExampleToken {
  name: string;
  roles: readonly Role[];
  token: string;
}

/** The settings that tokens must match. */
export interface ExampleTokenOptions {
  JWT_AUDIENCE?: string | undefined;
  JWT_ISSUER?: string | undefined;
}

const people: readonly { sub: string; name: string; roles: readonly Role[] }[] = [
  { sub: "ada", name: "Ada", roles: ["user"] },
  { sub: "bob", name: "Bob", roles: ["user"] },
  { sub: "bot", name: "Bot", roles: ["agent"] },
  { sub: "mona", name: "Mona", roles: ["user", "monitor"] },
  { sub: "root", name: "Root", roles: ["user", "monitor", "admin"] },
];

/** Tokens of sample users, for trying the server out. Valid for a day. */
export function exampleTokens(secret: string, { JWT_AUDIENCE, JWT_ISSUER }: ExampleTokenOptions): ExampleToken[] {
  return people.map(({ sub, name, roles }) => ({
    name,
    roles,
    token: jwt.sign({ sub, name, roles }, secret, {
      algorithm: "HS256",
      expiresIn: "24h",
      ...(JWT_AUDIENCE === undefined ? {} : { audience: JWT_AUDIENCE }),
      ...(JWT_ISSUER === undefined ? {} : { issuer: JWT_ISSUER }),
    }),
  }));
}
