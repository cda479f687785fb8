import type { Position } from "@signalbox/client";
import { useEffect } from "react";

interface MarkReadOptions {
  newest: Position | null;
  /** Whether the newest message is scrolled into view. */
  isVisible: boolean;
  markRead(position: Position): void;
}

/** Marks messages as read when they are visible in a foreground tab. */
export function useMarkRead({ newest, isVisible, markRead }: MarkReadOptions): void {
  useEffect(() => {
    const mark = () => {
      if (isVisible && newest && document.visibilityState === "visible") markRead(newest);
    };
    mark();
    document.addEventListener("visibilitychange", mark);
    return () => document.removeEventListener("visibilitychange", mark);
  }, [newest, isVisible, markRead]);
}
