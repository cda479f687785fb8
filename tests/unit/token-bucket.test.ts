import { describe, expect, it } from "@jest/globals";
import { TokenBucket } from "../../server/session/token-bucket.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { withSeeds } from "../support/random.ts";

describe("the token bucket", () => {
  it("ROUTE-3 it gives the burst at once, and then the time to wait", () => {
    const clock = new ManualClock();
    const bucket = new TokenBucket({ perSecond: 10, burst: 3 }, clock);

    const answers = [bucket.take(), bucket.take(), bucket.take(), bucket.take(), bucket.take()];

    expect(answers).toEqual([0, 0, 0, 100, 100]);
  });

  it("ROUTE-3 it gives the rate per second", () => {
    const clock = new ManualClock();
    const bucket = new TokenBucket({ perSecond: 10, burst: 1 }, clock);
    bucket.take();

    const answers = Array.from({ length: 4 }, () => {
      clock.advance(50);
      return bucket.take();
    });

    expect(answers).toEqual([50, 0, 50, 0]);
  });

  it("ROUTE-3 it saves no more than the burst", () => {
    const clock = new ManualClock();
    const bucket = new TokenBucket({ perSecond: 10, burst: 2 }, clock);
    clock.advance(3_600_000);

    const answers = [bucket.take(), bucket.take(), bucket.take()];

    expect(answers).toEqual([0, 0, 100]);
  });

  it.each([-3_600_000, 3_600_000])("ROUTE-3 a clock that is set by %i ms changes nothing", (ms) => {
    const clock = new ManualClock();
    const bucket = new TokenBucket({ perSecond: 10, burst: 2 }, clock);
    bucket.take();

    clock.step(ms);
    const answers = [bucket.take(), bucket.take()];

    expect(answers).toEqual([0, 100]);
  });

  it("ROUTE-3 the time to wait is exact, and the rate is never exceeded", async () => {
    await withSeeds(300, (random) => {
      const clock = new ManualClock();
      const perSecond = random.between(1, 2_000);
      const burst = random.between(1, 50);
      const bucket = new TokenBucket({ perSecond, burst }, clock);
      const startedAt = clock.now();
      let taken = 0;

      for (let i = 0; i < 200; i++) {
        clock.advance(random.pick([0, 0, 0, 1, 7, 100]));
        const wait = bucket.take();
        if (wait === 0) taken++;
        else if (random.chance(0.5)) {
          clock.advance(wait);
          // Within a millisecond, which is as exactly as the clock tells the time.
          const rest = bucket.take();
          if (rest === 0) taken++;
          expect(rest).toBeLessThanOrEqual(1);
        }
      }

      const seconds = (clock.now() - startedAt) / 1_000;
      expect(taken).toBeLessThanOrEqual(burst + seconds * perSecond + 1e-6);
    });
  });
});
