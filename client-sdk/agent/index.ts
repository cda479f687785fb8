import { Agent, type AgentOptions } from "./agent.ts";

export { Agent, type AgentEvents, type AgentOptions } from "./agent.ts";
export type { OnDispatch, Progress, Work, WorkResult, WorkTools } from "./running-work.ts";

/** Creates an agent. It connects when `start` is called. */
export function createAgent(options: AgentOptions): Agent {
  return new Agent(options);
}
