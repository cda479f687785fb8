import { describe, expect, it } from "@jest/globals";
import { commandsPerTurn, ReadThrottle } from "../../server/doors/wire/read-throttle.ts";
import { LoopTurns } from "../../server/runtime/loop-turns.ts";
import { nextTurn } from "../support/within.ts";

/** A connection that notes whether it is read from. */
function source() {
  const state = { isPaused: false, pauses: 0 };
  const pause = () => {
    state.isPaused = true;
    state.pauses++;
    return () => {
      state.isPaused = false;
    };
  };
  return { state, pause };
}

describe("the read throttle", () => {
  it("FAN-10 it begins a limited number of commands per turn, keeps their order, and pauses reading meanwhile", async () => {
    const connection = source();
    const throttle = new ReadThrottle(new LoopTurns(), connection);
    const begun: number[] = [];
    const total = 2 * commandsPerTurn + 10;

    for (let index = 0; index < total; index++) throttle.take(() => void begun.push(index));
    const perTurn = [begun.length];
    const wasPaused = connection.state.isPaused;
    while (begun.length < total) {
      await nextTurn();
      perTurn.push(begun.length);
    }

    expect(wasPaused).toBe(true);
    expect(perTurn).toEqual([commandsPerTurn, 2 * commandsPerTurn, total]);
    expect(begun).toEqual(Array.from({ length: total }, (_, index) => index));
    expect(connection.state).toEqual({ isPaused: false, pauses: 1 });
  });

  it("FAN-10 a client that sends little is not delayed, whatever others send", async () => {
    const turns = new LoopTurns();
    const greedy = new ReadThrottle(turns, source());
    const modest = source();
    const other = new ReadThrottle(turns, modest);
    let begun = 0;

    for (let turn = 0; turn < 5; turn++) {
      for (let index = 0; index < commandsPerTurn; index++) {
        greedy.take(() => {});
        other.take(() => void begun++);
      }
      expect(begun).toBe((turn + 1) * commandsPerTurn);
      await nextTurn();
      await nextTurn();
    }

    expect(modest.state.pauses).toBe(0);
  });
});
