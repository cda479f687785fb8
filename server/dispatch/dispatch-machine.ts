import type { Outcome } from "../../shared/entities/dispatch.ts";
import type { AgentId } from "../../shared/ids.ts";
import { limits } from "../../shared/limits.ts";

/**
 * The life of a dispatch:
 *
 *   queued ──assigned──► dispatched ──accepted, progressed, resumed──► running ──responded──► completed | failed
 *     ▲                       │                                           │
 *     └── attempt lost, with attempts and time left ──────────────────────┘
 *
 *   queued, dispatched or running ──cancelled──► cancelled, ──deadline, or the last attempt lost──► lost
 *
 * Each assignment is an attempt with the next number; only the newest attempt can change anything. An ended dispatch
 * never changes again.
 */
export type DispatchState =
  | { status: "queued"; attempt: number }
  /**
   * The agent has it. The attempt is lost when its entry in the lease queue is due and `leaseUntil` (milliseconds since
   * 1970) has passed. Messages about the dispatch renew `leaseUntil`; a heartbeat that does not leave it out postpones the entry.
   */
  | { status: "dispatched" | "running"; attempt: number; agentId: AgentId; leaseUntil: number }
  | { status: "completed" | "failed" | "cancelled" | "lost"; attempt: number; agentId?: AgentId; outcome: Outcome };

export type DispatchEnd = Extract<DispatchState, { outcome: unknown }>["status"];

/** Limits that never change. Times in milliseconds since 1970. */
export interface DispatchTerms {
  maxAttempts: number;
  deadline: number;
}

/** One attempt: its agent and number. */
interface ByAttempt {
  agentId: AgentId;
  attempt: number;
}

export type DispatchInput =
  /** An agent gets it. */
  | { type: "assigned"; agentId: AgentId; leaseMs: number }
  | ({ type: "accepted"; leaseMs: number } & ByAttempt)
  | ({ type: "progressed"; leaseMs: number } & ByAttempt)
  /** The agent has reconnected and is still working on it. */
  | ({ type: "resumed"; leaseMs: number } & ByAttempt)
  | ({ type: "responded"; outcome: Outcome } & ByAttempt)
  /** The agent has declined or not acknowledged it, has come back without it, or was away for longer than its own lease. */
  | ({ type: "attempt_lost"; error: string } & ByAttempt)
  /** Nothing was heard of the dispatch for the time of the lease, not in heartbeats either. */
  | { type: "lease_expired" }
  | { type: "deadline_passed" }
  | { type: "cancelled"; reason: string };

export type DispatchEffect =
  /** The attempt begins: its agent has one more in flight. */
  | ({ type: "assigned" } & ByAttempt)
  | ({ type: "accepted" } & ByAttempt)
  | ({ type: "progressed" } & ByAttempt)
  /** The agent has one fewer in flight, and is sent a cancellation unless it ended the attempt itself. */
  | ({ type: "attempt_ended"; status: DispatchEnd; outcome: Outcome } & ByAttempt)
  /** It waits for an agent again. */
  | { type: "requeued" }
  | { type: "ended"; status: DispatchEnd; outcome: Outcome };

/**
 * Why nothing changes. `ended`: the dispatch has ended, or its deadline has passed. `stale`: the attempt is not the newest, or not under way.
 * `early`: the time has not come. `assigned`: an agent has it already.
 */
export type DispatchRefusal = "ended" | "stale" | "early" | "assigned";

type DispatchStep = { state: DispatchState; effects: DispatchEffect[] } | { refused: DispatchRefusal };

const refuse = (refused: DispatchRefusal): DispatchStep => ({ refused });

/** The state and effects after an input at a time (milliseconds since 1970). Pure. */
export function dispatchStep(
  state: DispatchState,
  input: DispatchInput,
  terms: DispatchTerms,
  now: number,
): DispatchStep {
  if ("outcome" in state) return refuse("ended");
  switch (input.type) {
    case "cancelled":
      return end(state, "cancelled", { error: input.reason });
    case "deadline_passed":
      return now < terms.deadline ? refuse("early") : end(state, "lost", { error: "the deadline has passed" });
    case "assigned":
      return state.status === "queued" ? assign(state.attempt + 1, input, terms, now) : refuse("assigned");
    case "lease_expired":
      if (state.status === "queued") return refuse("stale");
      return now < state.leaseUntil ? refuse("early") : lose(state, "nothing was heard of it", terms, now);
  }
  if (state.status === "queued" || state.attempt !== input.attempt || state.agentId !== input.agentId) {
    return refuse("stale");
  }
  const { agentId, attempt } = state;
  const accepted: DispatchEffect[] = state.status === "dispatched" ? [{ type: "accepted", agentId, attempt }] : [];
  const run = (lease: { leaseMs: number }, more: DispatchEffect[] = []): DispatchStep => ({
    state: { status: "running", agentId, attempt, leaseUntil: now + leaseOf(lease, terms, now) },
    effects: [...accepted, ...more],
  });
  switch (input.type) {
    case "accepted":
    case "resumed":
      return run(input);
    case "progressed":
      return run(input, [{ type: "progressed", agentId, attempt }]);
    case "responded": {
      const ended = end(state, input.outcome.error === undefined ? "completed" : "failed", input.outcome);
      return "effects" in ended ? { ...ended, effects: [...accepted, ...ended.effects] } : ended;
    }
    case "attempt_lost":
      return lose(state, input.error, terms, now);
  }
}

type Open = Exclude<DispatchState, { outcome: unknown }>;
type UnderWay = Exclude<Open, { status: "queued" }>;

function assign(
  attempt: number,
  { agentId, leaseMs }: Extract<DispatchInput, { type: "assigned" }>,
  terms: DispatchTerms,
  now: number,
): DispatchStep {
  if (now >= terms.deadline) return refuse("ended");
  const leaseUntil = now + leaseOf({ leaseMs }, terms, now);
  return {
    state: { status: "dispatched", attempt, agentId, leaseUntil },
    effects: [{ type: "assigned", agentId, attempt }],
  };
}

function lose(state: UnderWay, error: string, terms: DispatchTerms, now: number): DispatchStep {
  const { agentId, attempt } = state;
  const mayRetry = attempt < Math.min(terms.maxAttempts, limits.attemptsMax) && now < terms.deadline;
  if (!mayRetry) return end(state, "lost", { error });
  return {
    state: { status: "queued", attempt },
    effects: [{ type: "attempt_ended", agentId, attempt, status: "lost", outcome: { error } }, { type: "requeued" }],
  };
}

function end(state: Open, status: DispatchEnd, outcome: Outcome): DispatchStep {
  const { attempt } = state;
  const ended: DispatchEffect = { type: "ended", status, outcome };
  if (state.status === "queued") return { state: { status, attempt, outcome }, effects: [ended] };
  const { agentId } = state;
  return {
    state: { status, attempt, agentId, outcome },
    effects: [{ type: "attempt_ended", agentId, attempt, status, outcome }, ended],
  };
}

/** The duration of a lease, which never ends after the deadline. */
function leaseOf({ leaseMs }: { leaseMs: number }, { deadline }: DispatchTerms, now: number): number {
  return Math.max(0, Math.min(leaseMs, deadline - now));
}
