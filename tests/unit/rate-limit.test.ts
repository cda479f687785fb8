import { describe, expect, it } from "@jest/globals";
import { rateLimit } from "../../server/route/middleware.ts";
import type { Call } from "../../server/route/router.ts";
import { TokenBucket } from "../../server/session/token-bucket.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { createTestSession } from "../support/test-session.ts";

describe("rate limit", () => {
  it("ROUTE-3 commands up to the rate are accepted, then refused with the time to wait, then the connection is closed", async () => {
    const clock = new ManualClock();
    const commands = new TokenBucket({ perSecond: 10, burst: 2 }, clock);
    const { session, sent, closedFor } = createTestSession({ clock, commands });
    const limit = rateLimit();
    const call: Call = { session, command: "pong", payload: {}, bytes: 2 };

    const outcomes: unknown[] = [];
    for (let i = 0; i < 2 + 20 + 1; i++) {
      const outcome = async () => limit(call, async () => void outcomes.push("through"));
      await outcome().catch((error) => outcomes.push({ ...error.error, message: "" }, ...closedFor));
    }

    const refused = { code: "rate_limited", retryable: true, message: "", details: { retryAfterMs: 100 } };
    expect(outcomes).toEqual(["through", "through", ...Array(20).fill(refused), refused, "rate_limited"]);
    expect(sent).toEqual([{ name: "system.connection.close", data: { reason: "rate_limited" } }]);
  });
});
