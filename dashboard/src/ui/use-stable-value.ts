import { useState } from "react";

/** The value as it was, for as long as it says the same: what is made of it need not be made anew. */
export function useStableValue<Value>(value: Value): Value {
  const [kept, setKept] = useState(value);
  if (JSON.stringify(kept) === JSON.stringify(value)) return kept;
  setKept(value);
  return value;
}
