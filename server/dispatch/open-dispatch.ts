import type { InstanceId, MessageId } from "../../shared/ids.ts";
import type { AbandonedResponses } from "../conversations/abandoned-responses.ts";
import type { DispatchResponses } from "../conversations/dispatch-responses.ts";
import type { Broadcast } from "../deliver/broadcast.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Failed } from "../runtime/failed.ts";
import { Waiters } from "../runtime/waiters.ts";
import type { Leases } from "../store/leases.ts";
import type { EventLog } from "../store/log/event-log.ts";
import { AgentCommands } from "./agent-commands.ts";
import { AgentDelivery } from "./agent-delivery.ts";
import { AgentExpiry } from "./agent-expiry.ts";
import { AgentDirectory } from "./agents/agent-directory.ts";
import { Agents, type AgentsDeps } from "./agents/agents.ts";
import { LocalAgents } from "./agents/local-agents.ts";
import { DispatchLifecycle, type DispatchLifecycleDeps, type EndedDispatch } from "./dispatch-lifecycle.ts";
import { DispatchStore, type DispatchStoreDeps } from "./dispatch-store.ts";
import { EffectRunner, type TaskFollower } from "./effect-runner.ts";
import { LeaseSweeper } from "./lease-sweeper.ts";
import { Registration } from "./registration.ts";
import { Scheduler } from "./scheduler.ts";

interface DispatchOptions extends AgentsDeps {
  clock: Clock;
  leases: Leases;
  log: Pick<EventLog, "bounds">;
  responses: DispatchResponses;
  /** Their leases are looked at together with those of agents and dispatches. */
  abandonedResponses: Pick<AbandonedResponses, "onDue">;
  tasks: TaskFollower;
  broadcast: Broadcast;
  instanceId: InstanceId;
  /** How long an agent keeps a dispatch, and counts as connected, without a sign of life. */
  leaseMs: number;
  /** How often an agent is asked to send a heartbeat. */
  heartbeatIntervalMs: number;
  /** How long the record of an ended dispatch is kept. */
  rememberedMs: number;
  /** If traces are recorded: called for every step of this instance; and the `traceparent` of the current request. */
  onStep?: DispatchStoreDeps["onStep"];
  trace?: DispatchLifecycleDeps["trace"];
  failed: Failed;
}

/** The parts for agents and dispatches. `waiters` and `leaseSweeper` have to be closed, in this order. */
interface OpenDispatch {
  registration: Registration;
  agentCommands: AgentCommands;
  lifecycle: DispatchLifecycle;
  directory: AgentDirectory;
  waiters: DispatchLifecycleDeps["waiters"];
  leaseSweeper: LeaseSweeper;
}

export function openDispatch(options: DispatchOptions): OpenDispatch {
  const agents = new Agents(options);
  const localAgents = new LocalAgents();
  const waiters = new Waiters<MessageId, EndedDispatch>();
  const dispatchStore = new DispatchStore({ ...options, agents });
  const agentDelivery = new AgentDelivery({
    ...options,
    agents,
    dispatchStore,
    localAgents,
    step: async ({ work }, input) => void (await lifecycle.step(work.messageId, input)),
  });
  const parts = { ...options, agents, localAgents, waiters, dispatchStore, agentDelivery };
  const scheduler = new Scheduler(parts);
  const effectRunner = new EffectRunner(parts);
  const lifecycle = new DispatchLifecycle({ ...parts, scheduler, effectRunner });
  const registration = new Registration({ ...parts, scheduler, lifecycle });
  const agentCommands = new AgentCommands({ ...parts, lifecycle });
  const agentExpiry = new AgentExpiry({ ...parts, lifecycle });
  const leaseSweeper = new LeaseSweeper({ ...parts, scheduler, lifecycle, agentExpiry });
  const statusesOf: ConstructorParameters<typeof AgentDirectory>[0]["statusesOf"] = async (messageIds) =>
    (await dispatchStore.getMany(messageIds)).map((found) => found?.state.status);
  const directory = new AgentDirectory({ ...options, agents, statusesOf });
  return { registration, agentCommands, lifecycle, directory, waiters, leaseSweeper };
}
