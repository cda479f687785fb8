import { useClient } from "@signalbox/client/react";
import { useCallback, useEffect, useRef, useState } from "react";
import type { TraceStep } from "./types.ts";

type TraceTarget = { connectionId: string } | { room: string };

interface Trace {
  /** Newest first. */
  steps: readonly (TraceStep & { key: number })[];
  /** When the trace ends; `undefined` while none is running. */
  until: string | undefined;
  /** Why the trace could not be started or has ended early. */
  error: unknown;
  start(target: TraceTarget, seconds: number): Promise<void>;
  clear(): void;
}

/** Older steps are dropped. */
const stepsKept = 2_000;
const restMs = 150;

/** Traces a room or a connection for a limited time. */
export function useTrace(): Trace {
  const client = useClient();
  const [view, setView] = useState<Pick<Trace, "steps" | "until" | "error">>({
    steps: [],
    until: undefined,
    error: null,
  });
  const traceId = useRef<string>(undefined);
  const kept = useRef<(TraceStep & { key: number })[]>([]);
  const count = useRef(0);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = () => {
      timer = undefined;
      setView((before) => ({ ...before, steps: [...kept.current].reverse() }));
    };
    const cancel = client.admin.on("trace", (step) => {
      // An earlier trace of this connection runs until its end.
      if (traceId.current !== undefined && step.traceId !== traceId.current) return;
      count.current += 1;
      kept.current.push({ ...step, key: count.current });
      if (kept.current.length > stepsKept * 1.5) kept.current = kept.current.slice(-stepsKept);
      timer ??= setTimeout(show, restMs);
    });
    const cancelLoss = client.on("disconnected", () => {
      setView((before) =>
        before.until === undefined
          ? before
          : {
              ...before,
              until: undefined,
              error: "The connection was lost, and the trace ended with it. Start it again.",
            },
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

  const start = useCallback(
    async (target: TraceTarget, seconds: number) => {
      clear();
      // Steps may arrive before the reply with the id of the trace.
      traceId.current = undefined;
      try {
        const { traceId: id, until: end } = await client.admin.trace({ ...target, seconds });
        traceId.current = id;
        setView((before) => ({ ...before, until: end, error: null }));
      } catch (error) {
        setView((before) => ({ ...before, until: undefined, error }));
      }
    },
    [client, clear],
  );

  return { ...view, start, clear };
}
