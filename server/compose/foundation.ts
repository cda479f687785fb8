import type { InstanceId } from "../../shared/ids.ts";
import type { Logger } from "../observe/logger.ts";
import type { Spans } from "../observe/spans.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Failed } from "../runtime/failed.ts";
import type { Closers } from "./closers.ts";
import type { Config } from "./config.ts";

/** The parts of an instance with which nearly all others are built. */
export interface Foundation {
  config: Config;
  clock: Clock;
  instanceId: InstanceId;
  logger: Logger;
  closers: Closers;
  /** `undefined`: no spans are recorded. */
  spans: Spans | undefined;
  failed: Failed;
}
