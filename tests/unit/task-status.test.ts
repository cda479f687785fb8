import { describe, expect, it } from "@jest/globals";
import { isFinished, mayBecome } from "../../server/tasks/task-status.ts";
import { TaskStatus } from "../../shared/entities/task.ts";

/** Rows: from. Columns: to. */
const table = `
                pending  in_progress  blocked  completed  cancelled
  pending       yes      yes          yes      yes        yes
  in_progress   yes      yes          yes      yes        yes
  blocked       yes      yes          yes      yes        yes
  completed     yes      yes          no       yes        no
  cancelled     yes      no           no       no         yes
`;

const [header = [], ...rows] = table
  .trim()
  .split("\n")
  .map((line) => line.trim().split(/\s+/));
const pairs = rows.flatMap(([from, ...cells]) =>
  cells.map((cell, index) => [from, header[index], cell === "yes"] as const),
);

describe("the status of a task", () => {
  it("TASK-2 the table has a row and a column for every status", () => {
    expect(header).toEqual(TaskStatus.options);
    expect(rows.map(([from]) => from)).toEqual(TaskStatus.options);
  });

  it.each(pairs)("TASK-2 it may change from %s to %s: %s", (from, to, allowed) => {
    expect(mayBecome(TaskStatus.parse(from), TaskStatus.parse(to))).toBe(allowed);
  });

  it("TASK-2 it is finished when completed or cancelled", () => {
    expect(TaskStatus.options.filter(isFinished)).toEqual(["completed", "cancelled"]);
  });
});
