import { z } from "zod";
import { limits } from "../limits.ts";

/** What an agent can do, in the words of the application: a dispatch may ask for it instead of naming an agent. */
export const Capability = z.string().min(1).max(limits.identifierLength);
export type Capability = z.infer<typeof Capability>;

export const Capabilities = z.array(Capability).max(limits.capabilities);
