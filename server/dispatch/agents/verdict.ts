import type { AgentVerdict } from "../../../shared/entities/agent.ts";
import { timestampAt } from "../../runtime/clock.ts";

/** The facts that a verdict is based on. Times in milliseconds since 1970. */
export interface SignsOfLife {
  status: "connected" | "disconnected" | "heartbeat_lost";
  /** Why it is no longer connected. */
  goneBecause?: string;
  connectedAt: number;
  lastSeen: number;
  heartbeatAt?: number;
  progressAt?: number;
  inFlight: readonly { since: number }[];
}

/** Distinguishes an agent that makes progress from one that is only connected. */
export function verdictOf(signs: SignsOfLife, now: number, stallMs: number): AgentVerdict {
  const { status, goneBecause, lastSeen, heartbeatAt, progressAt = 0, inFlight } = signs;
  if (status !== "connected") return { state: "gone", reason: `${goneBecause ?? status}, last seen ${iso(lastSeen)}` };
  if (inFlight.length > 0) {
    // The newest assignment counts as progress, since the agent may not have had time to make any.
    const movedAt = Math.max(progressAt, ...inFlight.map(({ since }) => since));
    const counted = `${inFlight.length} in flight`;
    if (now - movedAt > stallMs) {
      const seconds = Math.floor((now - movedAt) / 1000);
      return { state: "stalled", reason: `${counted}, no progress for ${seconds} s, last seen ${iso(lastSeen)}` };
    }
    const since = Math.min(...inFlight.map(({ since }) => since));
    if (progressAt >= since) return { state: "progressing", reason: `${counted}, progress at ${iso(progressAt)}` };
  }
  if (heartbeatAt !== undefined) return { state: "heartbeating", reason: `heartbeat at ${iso(heartbeatAt)}` };
  return { state: "connected", reason: `registered at ${iso(signs.connectedAt)}, no heartbeat yet` };
}

const iso = (ms: number) => timestampAt(ms);
