import { describe, expect, it } from "@jest/globals";
import {
  type DispatchInput,
  type DispatchState,
  type DispatchTerms,
  dispatchStep,
} from "../../server/dispatch/dispatch-machine.ts";
import type { AgentId } from "../../shared/ids.ts";

const coder = "coder" as AgentId;
const other = "other" as AgentId;
const leaseMs = 30;
const terms: DispatchTerms = { maxAttempts: 3, deadline: 1_000 };
const now = 500;

const underWay = { attempt: 2, agentId: coder, leaseUntil: 510 };
const states: Record<string, DispatchState> = {
  queued: { status: "queued", attempt: 1 },
  dispatched: { status: "dispatched", ...underWay },
  running: { status: "running", ...underWay },
  "at its last attempt": { status: "running", ...underWay, attempt: 3 },
  completed: { status: "completed", attempt: 2, agentId: coder, outcome: { content: "a" } },
  failed: { status: "failed", attempt: 2, agentId: coder, outcome: { error: "a" } },
  cancelled: { status: "cancelled", attempt: 2, agentId: coder, outcome: { error: "a" } },
  lost: { status: "lost", attempt: 0, outcome: { error: "a" } },
};

const by = { agentId: coder, attempt: 2 };
const inputs: Record<string, DispatchInput> = {
  assigned: { type: "assigned", agentId: coder, leaseMs },
  accepted: { type: "accepted", ...by, leaseMs },
  progressed: { type: "progressed", ...by, leaseMs },
  resumed: { type: "resumed", ...by, leaseMs },
  responded: { type: "responded", ...by, outcome: { content: "done" } },
  "responded badly": { type: "responded", ...by, outcome: { error: "no" } },
  "attempt lost": { type: "attempt_lost", ...by, error: "gone" },
  "last attempt lost": { type: "attempt_lost", agentId: coder, attempt: 3, error: "gone" },
  "lease expired": { type: "lease_expired" },
  "deadline passed": { type: "deadline_passed" },
  cancelled: { type: "cancelled", reason: "not needed" },
  "of an old attempt": { type: "responded", agentId: coder, attempt: 1, outcome: { content: "late" } },
  "of a later attempt": { type: "progressed", agentId: coder, attempt: 9, leaseMs },
  "of another agent": { type: "responded", agentId: other, attempt: 2, outcome: { content: "mine" } },
};

/** Every pair at 500, the lease until 510 and the deadline 1000: the state that follows, or why there is none. */
const table = `
  input               queued       dispatched   running      at its last attempt  completed  failed  cancelled  lost
  assigned            dispatched   assigned     assigned     assigned             ended      ended   ended      ended
  accepted            stale        running      running      stale                ended      ended   ended      ended
  progressed          stale        running      running      stale                ended      ended   ended      ended
  resumed             stale        running      running      stale                ended      ended   ended      ended
  responded           stale        completed    completed    stale                ended      ended   ended      ended
  responded badly     stale        failed       failed       stale                ended      ended   ended      ended
  attempt lost        stale        queued       queued       stale                ended      ended   ended      ended
  last attempt lost   stale        stale        stale        lost                 ended      ended   ended      ended
  lease expired       stale        early        early        early                ended      ended   ended      ended
  deadline passed     early        early        early        early                ended      ended   ended      ended
  cancelled           cancelled    cancelled    cancelled    cancelled            ended      ended   ended      ended
  of an old attempt   stale        stale        stale        stale                ended      ended   ended      ended
  of a later attempt  stale        stale        stale        stale                ended      ended   ended      ended
  of another agent    stale        stale        stale        stale                ended      ended   ended      ended
`;

/** The same when the time has come, at 1000 with the lease run out. */
const lateTable = `
  input               queued       dispatched   running      at its last attempt  completed  failed  cancelled  lost
  assigned            ended        assigned     assigned     assigned             ended      ended   ended      ended
  accepted            stale        running      running      stale                ended      ended   ended      ended
  progressed          stale        running      running      stale                ended      ended   ended      ended
  resumed             stale        running      running      stale                ended      ended   ended      ended
  responded           stale        completed    completed    stale                ended      ended   ended      ended
  responded badly     stale        failed       failed       stale                ended      ended   ended      ended
  attempt lost        stale        lost         lost         stale                ended      ended   ended      ended
  last attempt lost   stale        stale        stale        lost                 ended      ended   ended      ended
  lease expired       stale        lost         lost         lost                 ended      ended   ended      ended
  deadline passed     lost         lost         lost         lost                 ended      ended   ended      ended
  cancelled           cancelled    cancelled    cancelled    cancelled            ended      ended   ended      ended
  of an old attempt   stale        stale        stale        stale                ended      ended   ended      ended
  of a later attempt  stale        stale        stale        stale                ended      ended   ended      ended
  of another agent    stale        stale        stale        stale                ended      ended   ended      ended
`;

function rowsOf(text: string) {
  const [header = "", ...rows] = text.trim().split("\n");
  const columns = header.trim().split(/ {2,}/).slice(1);
  return rows.flatMap((row) => {
    const [input = "", ...cells] = row.trim().split(/ {2,}/);
    return cells.map((expected, index) => ({ input, state: columns[index] ?? "", expected }));
  });
}

const step = (state: DispatchState, input: DispatchInput, at = now) => dispatchStep(state, input, terms, at);

function outcomeOf(state: string, input: string, at: number): string {
  const made = step(states[state] as DispatchState, inputs[input] as DispatchInput, at);
  return "refused" in made ? made.refused : made.state.status;
}

describe("the dispatch machine", () => {
  it("DISPATCH-2 the tables have every pair of state and input", () => {
    const pairs = Object.keys(inputs).flatMap((input) => Object.keys(states).map((state) => `${input} ${state}`));

    for (const text of [table, lateTable]) {
      expect(rowsOf(text).map(({ input, state }) => `${input} ${state}`)).toEqual(pairs);
    }
  });

  it.each(rowsOf(table))("DISPATCH-2 $input while $state: $expected", ({ input, state, expected }) => {
    expect(outcomeOf(state, input, now)).toBe(expected);
  });

  it.each(rowsOf(lateTable))("DISPATCH-2 $input while $state, at the deadline: $expected", (row) => {
    expect(outcomeOf(row.state, row.input, 1_000)).toBe(row.expected);
  });

  it("DISPATCH-2 every assignment is a new attempt with the next number", () => {
    const made = step({ status: "queued", attempt: 4 }, { type: "assigned", agentId: other, leaseMs });

    expect(made).toEqual({
      state: { status: "dispatched", attempt: 5, agentId: other, leaseUntil: now + leaseMs },
      effects: [{ type: "assigned", agentId: other, attempt: 5 }],
    });
  });

  it("DISPATCH-2 no lease extends beyond the deadline", () => {
    const made = step({ status: "queued", attempt: 0 }, { type: "assigned", agentId: coder, leaseMs: 5_000 });

    expect(made).toMatchObject({ state: { leaseUntil: 1_000 } });
  });

  it("DISPATCH-2 a message of the agent before its acknowledgement acknowledges", () => {
    const accepted = { type: "accepted", ...by };

    expect(step(states.dispatched as DispatchState, inputs.progressed as DispatchInput)).toMatchObject({
      effects: [accepted, { type: "progressed", ...by }],
    });
    expect(step(states.dispatched as DispatchState, inputs.responded as DispatchInput)).toMatchObject({
      effects: [
        accepted,
        { type: "attempt_ended", status: "completed", ...by },
        { type: "ended", status: "completed" },
      ],
    });
    expect(step(states.running as DispatchState, inputs.accepted as DispatchInput)).toMatchObject({ effects: [] });
  });

  it("DISPATCH-2 after a lost attempt that is not the last, the dispatch is queued again", () => {
    const made = step(states.running as DispatchState, inputs["attempt lost"] as DispatchInput);

    expect(made).toEqual({
      state: { status: "queued", attempt: 2 },
      effects: [{ type: "attempt_ended", ...by, status: "lost", outcome: { error: "gone" } }, { type: "requeued" }],
    });
  });

  it("DISPATCH-2 a queued dispatch ends without an agent to notify", () => {
    const made = step(states.queued as DispatchState, inputs.cancelled as DispatchInput);

    expect(made).toEqual({
      state: { status: "cancelled", attempt: 1, outcome: { error: "not needed" } },
      effects: [{ type: "ended", status: "cancelled", outcome: { error: "not needed" } }],
    });
  });
});
