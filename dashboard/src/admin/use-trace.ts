import { useClient } from "@signalbox/client/react";
import { useCallback, useEffect, useRef, useState } from "react";
import type { TraceStep } from "./types.ts";

export type TraceTarget = { connectionId: string } | { room: string };

export interface Trace {
  /** Newest first. */
  steps: readonly (TraceStep & { key: number })[];
  /** Until when the server tells; `undefined` before the first and after the last. */
  until: string | undefined;
  /** Why there is none. */
  error: unknown;
  begin(target: TraceTarget, seconds: number): Promise<void>;
  clear(): void;
}

/** Older ones are not shown any more. */
const stepsKept = 2_000;
const restMs = 150;

/** What becomes of the events of a room, or of a connection's, told by the server for a while. */
export function useTrace(): Trace {
  const client = useClient();
  const [view, setView] = useState<Pick<Trace, "steps" | "until" | "error">>({
    steps: [],
    until: undefined,
    error: null,
  });
  const mine = useRef<string>(undefined);
  const kept = useRef<(TraceStep & { key: number })[]>([]);
  const count = useRef(0);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = () => {
      timer = undefined;
      setView((before) => ({ ...before, steps: [...kept.current].reverse() }));
    };
    const cancel = client.admin.on("trace", (step) => {
      // One that was begun before this one goes on for its time.
      if (mine.current !== undefined && step.traceId !== mine.current) return;
      count.current += 1;
      kept.current.push({ ...step, key: count.current });
      if (kept.current.length > stepsKept * 1.5) kept.current = kept.current.slice(-stepsKept);
      timer ??= setTimeout(show, restMs);
    });
    const cancelLoss = client.on("disconnected", () => {
      setView((before) =>
        before.until === undefined
          ? before
          : { ...before, until: undefined, error: "The connection was lost, and the trace with it. Begin again." },
      );
    });
    return () => {
      cancel();
      cancelLoss();
      clearTimeout(timer);
    };
  }, [client]);

  const { until } = view;
  useEffect(() => {
    if (until === undefined) return;
    const end = () => setView((before) => ({ ...before, until: undefined }));
    const timer = setTimeout(end, Math.max(0, Date.parse(until) - Date.now()));
    return () => clearTimeout(timer);
  }, [until]);

  const clear = useCallback(() => {
    kept.current = [];
    setView((before) => ({ ...before, steps: [] }));
  }, []);

  const begin = useCallback(
    async (target: TraceTarget, seconds: number) => {
      clear();
      // Steps may come before the reply that names their trace.
      mine.current = undefined;
      try {
        const { traceId, until: end } = await client.admin.trace({ ...target, seconds });
        mine.current = traceId;
        setView((before) => ({ ...before, until: end, error: null }));
      } catch (error) {
        setView((before) => ({ ...before, until: undefined, error }));
      }
    },
    [client, clear],
  );

  return { ...view, begin, clear };
}
