import { type ReactNode, useEffect, useState } from "react";
import { flushSync } from "react-dom";

/** Mounts that are due, in order. */
const queue = new Set<() => void>();
let isRunning = false;

function next(): void {
  const [show] = queue;
  isRunning = show !== undefined;
  if (!show) return;
  queue.delete(show);
  // Synchronously, or React would batch several of them into one task.
  flushSync(show);
  setTimeout(next);
}

/**
 * Mounts its children after the page around it, in a task of their own, so that opening a page never blocks a slow
 * processor for long. React's concurrent rendering does not help here: it restarts synchronously whenever a store
 * changes, and stores change all the time.
 */
export function Deferred({ children }: { children: ReactNode }) {
  const [isDue, setDue] = useState(false);
  useEffect(() => {
    const show = () => setDue(true);
    queue.add(show);
    if (!isRunning) {
      isRunning = true;
      setTimeout(next);
    }
    return () => void queue.delete(show);
  }, []);
  return isDue ? children : <span hidden data-deferred />;
}
