/** The ids of what the operation concerned, and whether it will be retried. */
interface FailureContext {
  /** `true`: the operation is repeated, now or at its next occasion. `false`: its effect is missing from now on. */
  willRetry: boolean;
  [id: string]: string | number | boolean | null | undefined;
}

/**
 * Reports that an operation which no caller waits for has failed. `operation` completes the sentence "could not …", in
 * the infinitive: `update the activity of a conversation`.
 */
export type Failed = (operation: string, error: unknown, context: FailureContext) => void;
