import { type ReactNode, useEffect, useState } from "react";
import { flushSync } from "react-dom";

/** Whoever waits, in the order in which they came. */
const waiting = new Set<() => void>();
let isGoingOn = false;

function next(): void {
  const [show] = waiting;
  isGoingOn = show !== undefined;
  if (!show) return;
  waiting.delete(show);
  // At once, or React would make one task of several.
  flushSync(show);
  setTimeout(next);
}

/**
 * What stands in it is made after the page around it, each portion in a task of its own. A page that is opened would
 * hold up everything else on a slow processor if all of it came to be at once; React can do so piece by piece, too, but
 * makes it in one go after all when a store changes meanwhile, and here they always do.
 */
export function Deferred({ children }: { children: ReactNode }) {
  const [isDue, setDue] = useState(false);
  useEffect(() => {
    const show = () => setDue(true);
    waiting.add(show);
    if (!isGoingOn) {
      isGoingOn = true;
      setTimeout(next);
    }
    return () => void waiting.delete(show);
  }, []);
  return isDue ? children : <span hidden data-later />;
}
