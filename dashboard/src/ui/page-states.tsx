import { Alert, Skeleton, Stack, Text } from "@mantine/core";
import type { Gap } from "@signalbox/client";
import { type Icon, IconAlertTriangle, IconHistoryOff } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./page-states.module.css";

/** Nothing is there, which is no fault; says how something comes to be. */
export function EmptyState({ icon: Sign, title, children }: { icon: Icon; title: string; children?: ReactNode }) {
  return (
    <div className={classes.empty}>
      <Sign size={32} stroke={1.4} aria-hidden />
      <Text fw={600} c="var(--mantine-color-text)">
        {title}
      </Text>
      {children !== undefined && <p>{children}</p>}
    </div>
  );
}

/** It is being loaded. */
export function LoadingState({ rows = 6 }: { rows?: number }) {
  return (
    <Stack gap="xs" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all the same
        <Skeleton key={row} height={36} />
      ))}
    </Stack>
  );
}

/** Something could not be had. */
export function ErrorAlert({ error, children }: { error: unknown; children?: ReactNode }) {
  return (
    <Alert color="red" icon={<IconAlertTriangle aria-hidden />} title="This could not be loaded" role="alert">
      <Text size="sm">{messageOf(error)}</Text>
      {children}
    </Alert>
  );
}

const whyLost: Record<Gap["reason"], string> = {
  trimmed: "The server keeps so much history and no more, and you were away for longer.",
  epoch_changed: "The server's memory began anew.",
  ahead_of_log: "The server has lost the end of its history.",
};

/** History is gone that nobody can bring back. What is shown is as it is now. */
export function HistoryLostAlert({ gap, dismiss, children }: { gap: Gap; dismiss(): void; children?: ReactNode }) {
  return (
    <Alert
      color="yellow"
      icon={<IconHistoryOff aria-hidden />}
      title="Some events were lost"
      withCloseButton
      closeButtonLabel="Understood"
      onClose={dismiss}
    >
      <Text size="sm">
        {whyLost[gap.reason]} {children ?? "What you see is as it is now."}
      </Text>
    </Alert>
  );
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
