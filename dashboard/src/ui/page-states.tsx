import { Alert, Skeleton, Stack, Text } from "@mantine/core";
import type { Gap } from "@signalbox/client";
import { type Icon, IconAlertTriangle, IconHistoryOff } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./page-states.module.css";

/** Shown when there are no items, with a hint at how to get some. */
export function EmptyState({ icon: StateIcon, title, children }: { icon: Icon; title: string; children?: ReactNode }) {
  return (
    <div className={classes.empty}>
      <StateIcon size={32} stroke={1.4} aria-hidden />
      <Text fw={600} c="var(--mantine-color-text)">
        {title}
      </Text>
      {children !== undefined && <p>{children}</p>}
    </div>
  );
}

/** Placeholder rows while loading. */
export function LoadingState({ rows = 6 }: { rows?: number }) {
  return (
    <Stack gap="xs" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are identical
        <Skeleton key={row} height={36} />
      ))}
    </Stack>
  );
}

/** An error while loading. */
export function ErrorAlert({ error, children }: { error: unknown; children?: ReactNode }) {
  return (
    <Alert color="red" icon={<IconAlertTriangle aria-hidden />} title="Loading failed" role="alert">
      <Text size="sm">{messageOf(error)}</Text>
      {children}
    </Alert>
  );
}

const gapReasons: Record<Gap["reason"], string> = {
  trimmed: "You were away for longer than the server keeps its history.",
  epoch_changed: "The server has restarted with an empty history.",
  ahead_of_log: "The server has lost its most recent history.",
};

/** Reports that events were lost. */
export function HistoryLostAlert({ gap, dismiss, children }: { gap: Gap; dismiss(): void; children?: ReactNode }) {
  return (
    <Alert
      color="yellow"
      icon={<IconHistoryOff aria-hidden />}
      title="Some events were lost"
      withCloseButton
      closeButtonLabel="Dismiss"
      onClose={dismiss}
    >
      <Text size="sm">
        {gapReasons[gap.reason]} {children ?? "This page shows the current state."}
      </Text>
    </Alert>
  );
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
