import type { Position } from "@signalbox/client";
import { useEffect } from "react";

interface Reading {
  newest: Position | null;
  /** The newest is in sight of whoever looks at the page. */
  isSeen: boolean;
  markRead(position: Position): void;
}

/** Tells the server how far one has read: what is in sight of a page that somebody looks at. */
export function useMarkRead({ newest, isSeen, markRead }: Reading): void {
  useEffect(() => {
    const mark = () => {
      if (isSeen && newest && document.visibilityState === "visible") markRead(newest);
    };
    mark();
    document.addEventListener("visibilitychange", mark);
    return () => document.removeEventListener("visibilitychange", mark);
  }, [newest, isSeen, markRead]);
}
