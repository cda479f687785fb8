import { describe, expect, it } from "@jest/globals";
import { Handshakes, perTurn } from "../../server/connect/handshakes.ts";
import { nextTurn } from "../support/within.ts";

describe("handshakes", () => {
  it("LIMIT-5 a few are begun per turn, in the order of arrival", async () => {
    const handshakes = new Handshakes();
    const begun: number[] = [];
    const come = (index: number) => handshakes.take(() => void begun.push(index));

    for (let index = 0; index < 2 * perTurn + 5; index++) come(index);
    const atOnce = begun.length;
    await nextTurn();
    come(2 * perTurn + 5);
    const afterATurn = begun.length;
    await nextTurn();
    const afterTwo = begun.length;

    expect([atOnce, afterATurn, afterTwo]).toEqual([perTurn, 2 * perTurn, 2 * perTurn + 6]);
    expect(begun).toEqual(Array.from({ length: 2 * perTurn + 6 }, (_, index) => index));
  });
});
