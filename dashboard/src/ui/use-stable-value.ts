import { useState } from "react";

/** Returns the previous value while the new one is equal as JSON, so that memoized results stay valid. */
export function useStableValue<Value>(value: Value): Value {
  const [stable, setStable] = useState(value);
  if (JSON.stringify(stable) === JSON.stringify(value)) return stable;
  setStable(value);
  return value;
}
