import { describe, expect, it } from "@jest/globals";
import { lossOf } from "../../server/resume/start-catch-up.ts";

const epoch = "e1";

/** A log that keeps 5 to 9. */
const bounds = { epoch, first: 5, last: 9 };

describe("lossOf", () => {
  it.each([4, 5, 8, 9])("ROOM-3 nothing is lost after offset %d of a log that keeps 5 to 9", (offset) => {
    expect(lossOf({ epoch, offset }, bounds)).toBeUndefined();
  });

  it.each([0, 1, 3])("ROOM-3 the events after offset %d of a log that keeps 5 to 9 were trimmed", (offset) => {
    expect(lossOf({ epoch, offset }, bounds)).toBe("trimmed");
  });

  it.each([10, 1_000])("ROOM-3 offset %d is ahead of a log that ends at 9", (offset) => {
    expect(lossOf({ epoch, offset }, bounds)).toBe("ahead_of_log");
  });

  it.each([0, 4, 7, 100])("ROOM-3 offset %d of another epoch belongs to lost history", (offset) => {
    expect(lossOf({ epoch: "e0", offset }, bounds)).toBe("epoch_changed");
  });

  it("ROOM-3 nothing is lost at the beginning of an empty log", () => {
    expect(lossOf({ epoch, offset: 0 }, { epoch, first: 1, last: 0 })).toBeUndefined();
  });

  it("ROOM-3 of a log that has dropped everything, only the end is a valid position", () => {
    const dropped = { epoch, first: 10, last: 9 };

    const losses = [8, 9, 10].map((offset) => lossOf({ epoch, offset }, dropped));

    expect(losses).toEqual(["trimmed", undefined, "ahead_of_log"]);
  });
});
