import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { Conflation } from "../../server/publish/conflation.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

function start() {
  const out: string[] = [];
  const conflation = new Conflation<string>(200, (item) => void out.push(item));
  const add = (item: string) => conflation.add(item.charAt(0), item);
  return { conflation, add, out };
}

describe("conflation", () => {
  it("HEALTH-2 the first item passes at once, and the newest of those within the window at its end", () => {
    const { add, out } = start();

    for (const item of ["a1", "a2", "b1", "a3"]) add(item);
    const atOnce = [...out];
    jest.advanceTimersByTime(200);
    const afterWindow = [...out];
    add("a4");
    jest.advanceTimersByTime(200);
    add("b2");

    expect(atOnce).toEqual(["a1", "b1"]);
    expect(afterWindow).toEqual(["a1", "b1", "a3"]);
    expect(out).toEqual(["a1", "b1", "a3", "a4", "b2"]);
  });

  it("HEALTH-2 a quiet kind is dropped, and nothing passes once it is closed", () => {
    const { conflation, add, out } = start();
    add("a1");
    jest.advanceTimersByTime(200);

    expect(jest.getTimerCount()).toBe(0);
    add("a2");
    add("a3");
    conflation.close();
    jest.advanceTimersByTime(1_000);
    expect(out).toEqual(["a1", "a2"]);
  });
});
