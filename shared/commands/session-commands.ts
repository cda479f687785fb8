import { z } from "zod";
import { Timestamp } from "../json.ts";
import { limits } from "../limits.ts";
import { defineCommand } from "./define-command.ts";
import { Nothing } from "./fields.ts";

/** The answer to `system.ping`, with the same value. */
export const pong = defineCommand({
  name: "system.pong",
  payload: z.strictObject({ timestamp: z.int().min(0) }),
  reply: Nothing,
});

/** A new token of the same user, before the old one expires. Roles, grants and rooms are checked again. */
export const refreshToken = defineCommand({
  name: "system.token.refresh",
  payload: z.strictObject({ token: z.string().min(1).max(limits.tokenLength) }),
  reply: z.strictObject({ tokenExpiresAt: Timestamp }),
});
