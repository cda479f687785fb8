import { describe, expect, it } from "@jest/globals";
import { Closers } from "../../server/compose/closers.ts";

describe("closers", () => {
  it("STOP-4 parts are closed in reverse order of opening, one after another", async () => {
    const closers = new Closers();
    const steps: string[] = [];
    for (const name of ["first", "second", "third"]) {
      closers.add(name, async () => {
        steps.push(`${name} closes`);
        await Promise.resolve();
        steps.push(`${name} is closed`);
      });
    }

    await closers.close();

    expect(steps).toEqual([
      "third closes",
      "third is closed",
      "second closes",
      "second is closed",
      "first closes",
      "first is closed",
    ]);
  });

  it("STOP-4 a part that cannot be closed does not prevent the others from being closed", async () => {
    const closers = new Closers();
    const closed: string[] = [];
    const cause = new Error("stuck");
    closers.add("first", () => closed.push("first"));
    closers.add("second", () => Promise.reject(cause));
    closers.add("third", () => {
      throw cause;
    });
    closers.add("fourth", () => closed.push("fourth"));

    const closing = closers.close();

    await expect(closing).rejects.toMatchObject({
      message: "Could not close third; Could not close second",
      errors: [{ cause }, { cause }],
    });
    expect(closed).toEqual(["fourth", "first"]);
  });

  it("STOP-4 a second close does nothing", async () => {
    const closers = new Closers();
    let closed = 0;
    closers.add("only", () => closed++);

    await closers.close();
    await closers.close();

    expect(closed).toBe(1);
  });

  it("STOP-4 closing twice at once closes everything once", async () => {
    const closers = new Closers();
    const closed: string[] = [];
    for (const name of ["first", "second", "third"]) closers.add(name, async () => void closed.push(name));

    await Promise.all([closers.close(), closers.close()]);

    expect(closed.sort()).toEqual(["first", "second", "third"]);
  });
});
