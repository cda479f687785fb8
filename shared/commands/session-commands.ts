import { z } from "zod";
import { Timestamp } from "../json.ts";
import { limits } from "../limits.ts";
import { defineCommand } from "./define-command.ts";
import { Nothing } from "./fields.ts";

export const pong = defineCommand({
  name: "system.pong",
  description: "The answer to `system.ping`, with the same value.",
  payload: z.strictObject({ timestamp: z.int().min(0) }),
  reply: Nothing,
});

export const refreshToken = defineCommand({
  name: "system.token.refresh",
  description:
    "Replaces the token of the connection by a newer one of the same user. Roles, grants and rooms are checked again.",
  payload: z.strictObject({ token: z.string().min(1).max(limits.tokenLength) }),
  reply: z.strictObject({ tokenExpiresAt: Timestamp }),
});
