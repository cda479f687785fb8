import { z } from "zod";
import { limits } from "./limits.ts";

/** Links are shown as they come, so only those that a browser may safely follow. */
export const Link = z
  .string()
  .max(limits.urlLength)
  .regex(/^(https?:\/\/|\/(?!\/))/, "must begin with http://, https:// or a single /");
