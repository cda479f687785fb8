import { useEffect, useState } from "react";
import { type Chunked, createChunkedWork } from "./chunked-work.ts";

/** What comes of some work that would hold up the page if it were done in one go; what came of it before, until then. */
export function useChunked<Result>(work: () => Chunked<Result>): Result | undefined {
  const [result, setResult] = useState<Result>();
  const [doing] = useState(() => createChunkedWork<Result>((made) => setResult(() => made)));
  useEffect(() => doing.take(work), [doing, work]);
  useEffect(() => doing.stop, [doing]);
  return result;
}
