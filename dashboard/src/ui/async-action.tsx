import { Text } from "@mantine/core";
import { useState } from "react";
import { messageOf } from "./page-states.tsx";

interface AsyncAction {
  isBusy: boolean;
  /** Result of the last run, for display. */
  outcome: { isSuccess: boolean; message: string } | undefined;
  /** Runs an action that resolves with a message for the user. Resolves with whether it succeeded. */
  run(action: () => Promise<string>): Promise<boolean>;
}

/** State of an action that the user starts: busy, succeeded or failed. */
export function useAsyncAction(): AsyncAction {
  const [state, setState] = useState<Pick<AsyncAction, "isBusy" | "outcome">>({ isBusy: false, outcome: undefined });
  return {
    ...state,
    async run(action) {
      setState({ isBusy: true, outcome: undefined });
      try {
        const message = await action();
        setState({ isBusy: false, outcome: { isSuccess: true, message } });
        return true;
      } catch (error) {
        setState({ isBusy: false, outcome: { isSuccess: false, message: messageOf(error) } });
        return false;
      }
    },
  };
}

export function ActionOutcome({ of: { outcome } }: { of: AsyncAction }) {
  return (
    <Text size="sm" c={outcome?.isSuccess === false ? "var(--bad)" : "var(--good)"} role="status" aria-live="polite">
      {outcome?.message}
    </Text>
  );
}
