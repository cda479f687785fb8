import { useEffect, useState } from "react";
import { type Chunked, createChunkedWork } from "./chunked-work.ts";

/** Result of work that would block the page if done at once. Returns the previous result until the new one is ready. */
export function useChunked<Result>(work: () => Chunked<Result>): Result | undefined {
  const [result, setResult] = useState<Result>();
  const [runner] = useState(() => createChunkedWork<Result>((made) => setResult(() => made)));
  useEffect(() => runner.schedule(work), [runner, work]);
  useEffect(() => runner.stop, [runner]);
  return result;
}
