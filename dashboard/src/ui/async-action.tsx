import { Text } from "@mantine/core";
import { useState } from "react";
import { messageOf } from "./page-states.tsx";

export interface AsyncAction {
  isBusy: boolean;
  /** What came of it, to be said to everybody. */
  outcome: { isGood: boolean; words: string } | undefined;
  /** `work` resolves with what to say. */
  run(work: () => Promise<string>): Promise<boolean>;
}

/** Something that is being done, once at a time, and what came of it. */
export function useAsyncAction(): AsyncAction {
  const [state, setState] = useState<Pick<AsyncAction, "isBusy" | "outcome">>({ isBusy: false, outcome: undefined });
  return {
    ...state,
    async run(work) {
      setState({ isBusy: true, outcome: undefined });
      try {
        const words = await work();
        setState({ isBusy: false, outcome: { isGood: true, words } });
        return true;
      } catch (error) {
        setState({ isBusy: false, outcome: { isGood: false, words: messageOf(error) } });
        return false;
      }
    },
  };
}

export function ActionOutcome({ of: { outcome } }: { of: AsyncAction }) {
  return (
    <Text size="sm" c={outcome?.isGood === false ? "var(--bad)" : "var(--good)"} role="status" aria-live="polite">
      {outcome?.words}
    </Text>
  );
}
