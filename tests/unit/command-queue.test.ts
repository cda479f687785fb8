import { describe, expect, it } from "@jest/globals";
import { CommandQueue } from "../../server/session/command-queue.ts";
import { deferred } from "../support/deferred.ts";
import { type Random, withSeeds } from "../support/random.ts";

const nothing = () => {};

describe("the command queue", () => {
  it("ROUTE-6 messages do not wait for each other's replies, and other commands wait for all of them", async () => {
    const queue = new CommandQueue(nothing);
    const steps: string[] = [];
    const [one, two] = [deferred(), deferred()];
    const message = (name: string, kept: Promise<void>) =>
      queue.run(true, async (sequenced) => {
        steps.push(`${name} begins`);
        await Promise.resolve();
        sequenced();
        await kept;
        steps.push(`${name} is kept`);
      });
    const other = (name: string) => queue.run(false, async () => void steps.push(name));

    const all = [message("one", one.promise), message("two", two.promise), other("join"), other("leave")];
    all.push(message("three", Promise.resolve()));
    two.resolve();
    await all[1];
    one.resolve();
    await Promise.all(all);

    expect(steps).toEqual([
      "one begins",
      "two begins",
      "two is kept",
      "one is kept",
      "join",
      "leave",
      "three begins",
      "three is kept",
    ]);
  });

  it("ROUTE-6 it keeps the order, whatever takes long or fails", async () => {
    await withSeeds(300, async (random) => {
      let empties = 0;
      const queue = new CommandQueue(() => empties++);
      const jobs = Array.from({ length: 30 }, () => ({
        adds: random.chance(0.7),
        state: "waits",
        fails: random.chance(0.2),
      }));
      const settled = jobs.map((job, index) =>
        queue.run(job.adds, async (sequenced) => {
          const before = jobs.slice(0, index);
          const mayPass = (other: (typeof jobs)[number]) =>
            other.state === "ended" || (job.adds && other.adds && other.state === "sequenced");
          if (!before.every(mayPass)) throw new Error(`${index} has overtaken another`);
          job.state = "begun";
          await moments(random);
          if (job.fails && random.chance(0.5)) return end(job);
          job.state = "sequenced";
          sequenced();
          await moments(random);
          return end(job);
        }),
      );

      const outcomes = await Promise.allSettled(settled);
      await queue.idle();

      const reasons = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason.message] : []));
      expect(reasons).toEqual(jobs.filter(({ fails }) => fails).map(() => "fails"));
      expect(empties).toBeGreaterThan(0);
    });
  });

  it("ROUTE-6 it is idle when all queued commands have ended", async () => {
    const queue = new CommandQueue(nothing);
    const open = deferred();
    const steps: string[] = [];
    const message = queue.run(true, async (sequenced) => {
      sequenced();
      await open.promise;
      steps.push("kept");
    });

    const idle = queue.idle().then(() => steps.push("idle"));
    open.resolve();
    await Promise.all([message, idle]);

    expect(steps).toEqual(["kept", "idle"]);
  });
});

async function moments(random: Random): Promise<void> {
  for (let left = random.between(0, 5); left > 0; left--) await Promise.resolve();
}

function end(job: { state: string; fails: boolean }): void {
  job.state = "ended";
  if (job.fails) throw new Error("fails");
}
