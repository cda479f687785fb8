import type { z } from "zod";
import { Agent } from "../entities/agent.ts";
import { listOf } from "./list.ts";

/** `GET /api/agents` */
export const AgentList = listOf(Agent);
export type AgentList = z.infer<typeof AgentList>;
