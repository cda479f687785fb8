import { Agent, type AgentOptions } from "./agent.ts";

export { Agent, type AgentEvents, type AgentOptions } from "./agent.ts";
export type { OnDispatch, Progress, Work, WorkResult, WorkTools } from "./work.ts";

/** Nothing is connected before `start` is called. */
export function createAgent(options: AgentOptions): Agent {
  return new Agent(options);
}
