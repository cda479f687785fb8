import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { StepBudget } from "../../server/operate/trace-step-budget.ts";

describe("the steps that a trace reports", () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it("TRACE-5 their number per second is limited, and the number of the others is reported at the end of the second", () => {
    const told: unknown[] = [];
    const budget = new StepBudget(2, (step) => told.push(step.step === "left_out" ? step.steps : step.step));
    const reports = (count: number) => {
      for (let i = 0; i < count; i++) budget.report({ step: "published" } as Parameters<typeof budget.report>[0]);
    };

    reports(5);
    jest.advanceTimersByTime(1_000);
    reports(2);
    jest.advanceTimersByTime(1_000);
    reports(3);
    budget.close();

    expect(told).toEqual(["published", "published", 3, "published", "published", "published", "published", 1]);
  });
});
