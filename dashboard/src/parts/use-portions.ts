import { useEffect, useState } from "react";
import { createPortionWork, type Portions } from "./portions.ts";

/** What comes of some work that would hold up the page if it were done in one go; what came of it before, until then. */
export function usePortions<Result>(work: () => Portions<Result>): Result | undefined {
  const [result, setResult] = useState<Result>();
  const [doing] = useState(() => createPortionWork<Result>((made) => setResult(() => made)));
  useEffect(() => doing.take(work), [doing, work]);
  useEffect(() => doing.stop, [doing]);
  return result;
}
