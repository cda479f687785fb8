import { describe, expect, it } from "@jest/globals";
import {
  type ConnectionLife,
  type ConnectionState,
  connectionStates,
  newConnectionLife,
  transition,
} from "../../server/session/connection-state.ts";

/** Every pair: the state before at the left, the state after above. */
const table = `
  from \\ to      connecting  connected  authenticated  active  paused  reconnecting  closing  closed
  connecting     -           yes        -              -       -       -             yes      -
  connected      -           -          yes            -       -       -             yes      -
  authenticated  -           -          -              yes     -       -             yes      -
  active         -           -          -              -       yes     yes           yes      -
  paused         -           -          -              yes     -       -             yes      -
  reconnecting   -           -          -              yes     -       -             yes      -
  closing        -           -          -              -       -       -             -        yes
  closed         -           -          -              -       -       -             -        -
`;

const [header = "", ...rows] = table.trim().split("\n");
const columns = header.trim().split(/ {2,}/).slice(1);
const pairs = rows.flatMap((row) => {
  const [from, ...cells] = row.trim().split(/ {2,}/);
  return cells.map((cell, index) => ({ from, to: columns[index], possible: cell === "yes" })) as {
    from: ConnectionState;
    to: ConnectionState;
    possible: boolean;
  }[];
});

/** A life that went through the states, one each millisecond. */
function lifeThrough(...states: ConnectionState[]): ConnectionLife {
  return states.reduce((life, state, at) => {
    const next = transition(life, state, at);
    if (!next) throw new Error(`No way from ${life.state} to ${state}`);
    return next;
  }, newConnectionLife);
}

describe("connection state", () => {
  it("STATE-1 every pair of states is in the table", () => {
    const found = pairs.map(({ from, to }) => `${from} ${to}`);

    const all = connectionStates.flatMap((from) => connectionStates.map((to) => `${from} ${to}`));

    expect(found.sort()).toEqual(all.sort());
  });

  it.each(pairs)("STATE-1 $from → $to, possible: $possible", ({ from, to, possible }) => {
    const life: ConnectionLife = { state: from, history: [] };

    const next = transition(life, to, 17);

    expect(next).toEqual(possible ? { state: to, history: [{ from, to, at: 17 }] } : undefined);
    expect(life).toEqual({ state: from, history: [] });
  });

  it("STATE-1 a connection begins as connecting", () => {
    expect(newConnectionLife).toEqual({ state: "connecting", history: [] });
  });

  it("STATE-2 transitions are recorded, oldest first", () => {
    const life = lifeThrough("connected", "authenticated", "active");

    expect(life.history).toEqual([
      { from: "connecting", to: "connected", at: 0 },
      { from: "connected", to: "authenticated", at: 1 },
      { from: "authenticated", to: "active", at: 2 },
    ]);
  });

  it("STATE-2 the last 20 transitions are kept", () => {
    const upAndDown = Array.from({ length: 30 }, (_, index) => (index % 2 === 0 ? "paused" : "active"));

    const life = lifeThrough("connected", "authenticated", "active", ...upAndDown);

    expect(life.history.map(({ at }) => at)).toEqual(Array.from({ length: 20 }, (_, index) => 13 + index));
    expect(life.history.at(-1)).toMatchObject({ to: life.state });
  });
});
