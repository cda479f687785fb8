import type { Logger } from "../../observe/logger.ts";
import { reviewServer, type ServerFacts, type ServerReview } from "./server-review.ts";

/** The latest review of a Redis server. Logs what is new in each, except the faults of the first, which end the start. */
export class ServerReviews {
  #latest: ServerReview | undefined;
  readonly #logger: Logger;
  readonly #isProduction: boolean;

  constructor({ logger, isProduction }: { logger: Logger; isProduction: boolean }) {
    this.#logger = logger;
    this.#isProduction = isProduction;
  }

  get latest(): ServerReview {
    return this.#latest ?? { faults: [], warnings: [] };
  }

  readonly add = (facts: ServerFacts): void => {
    const before = this.latest;
    const isFirst = this.#latest === undefined;
    this.#latest = reviewServer(facts, this.#isProduction);
    const { faults, warnings } = this.#latest;
    for (const fault of faults) {
      if (!isFirst && !before.faults.includes(fault)) this.#logger.error(`REDIS_URL: ${fault}`);
    }
    for (const warning of warnings) if (!before.warnings.includes(warning)) this.#logger.warn(`REDIS_URL: ${warning}`);
  };
}
