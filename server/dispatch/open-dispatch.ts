import type { InstanceId } from "../../shared/ids.ts";
import type { AgentAnswers } from "../conversations/agent-answers.ts";
import type { Broadcast } from "../deliver/broadcast.ts";
import type { Leases } from "../store/leases.ts";
import type { EventLog } from "../store/log/event-log.ts";
import { AgentDesk } from "./agent-commands.ts";
import { Courier } from "./agent-delivery.ts";
import { LostAgents } from "./agent-expiry.ts";
import { AgentDirectory } from "./agents/agent-directory.ts";
import { Agents, type AgentsDeps } from "./agents/agents.ts";
import { LocalAgents } from "./agents/local-agents.ts";
import { Dispatching, type DispatchingDeps } from "./dispatch-lifecycle.ts";
import type { DispatchRecord } from "./dispatch-record.ts";
import { Dispatches, type DispatchesDeps } from "./dispatch-store.ts";
import { type FollowingTasks, FollowUps } from "./effect-runner.ts";
import { Rounds } from "./lease-sweeper.ts";
import { Registration } from "./registration.ts";
import { Placement } from "./scheduler.ts";
import { Waiters } from "./waiters.ts";

export interface DispatchOptions extends AgentsDeps {
  leases: Leases;
  log: Pick<EventLog, "bounds">;
  answers: AgentAnswers;
  tasks: FollowingTasks;
  broadcast: Broadcast;
  instanceId: InstanceId;
  /** How long an agent keeps a dispatch, and counts as there, without a sign of life. */
  leaseMs: number;
  /** How often an agent is asked to send a heartbeat. */
  heartbeatIntervalMs: number;
  /** How long a dispatch that has ended is remembered. */
  rememberedMs: number;
  /** Where traces are kept: told of every step that was made here; and `traceparent` of what is going on. */
  made?: DispatchesDeps["made"];
  trace?: DispatchingDeps["trace"];
  failed(error: unknown): void;
}

/** Agents and dispatches, put together. `waiters` and `rounds` are to be closed, in this order. */
export interface OpenDispatch {
  registration: Registration;
  desk: AgentDesk;
  dispatching: Dispatching;
  directory: AgentDirectory;
  waiters: Waiters<DispatchRecord>;
  rounds: Rounds;
}

export function openDispatch(options: DispatchOptions): OpenDispatch {
  const agents = new Agents(options);
  const locals = new LocalAgents();
  const waiters = new Waiters<DispatchRecord>();
  const dispatches = new Dispatches({ ...options, agents });
  const courier = new Courier({
    ...options,
    agents,
    dispatches,
    locals,
    step: async ({ work }, input) => void (await dispatching.step(work.messageId, input)),
  });
  const parts = { ...options, agents, locals, waiters, dispatches, courier };
  const placement = new Placement(parts);
  const followUps = new FollowUps(parts);
  const dispatching = new Dispatching({ ...parts, placement, followUps });
  const registration = new Registration({ ...parts, placement, dispatching });
  const desk = new AgentDesk({ ...parts, dispatching });
  const lostAgents = new LostAgents({ ...parts, dispatching });
  const rounds = new Rounds({ ...parts, placement, dispatching, lostAgents });
  const statusesOf: ConstructorParameters<typeof AgentDirectory>[0]["statusesOf"] = async (messageIds) =>
    (await dispatches.getMany(messageIds)).map((found) => found?.state.status);
  const directory = new AgentDirectory({ ...options, agents, statusesOf });
  return { registration, desk, dispatching, directory, waiters, rounds };
}
