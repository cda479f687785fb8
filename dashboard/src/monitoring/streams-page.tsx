import { TextInput } from "@mantine/core";
import { useStreams, useTasks } from "@signalbox/client/react";
import { IconTimeline } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { Page } from "../ui/page.tsx";
import { EmptyState, ErrorAlert, LoadingState } from "../ui/page-states.tsx";
import { StreamRows, type StreamView } from "./stream-rows.tsx";

export function StreamsPage() {
  const { streams, isReady, error } = useStreamViews();
  const [search, setSearch] = useState("");
  const wanted = search.trim().toLowerCase();
  const found = streams.filter(({ streamName, streamId }) =>
    `${streamName} ${streamId}`.toLowerCase().includes(wanted),
  );
  return (
    <Page
      title="Streams"
      fills
      actions={
        <TextInput
          size="xs"
          type="search"
          aria-label="Search streams"
          placeholder="Search"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      }
    >
      {error !== null && <ErrorAlert error={error}>Retrying every two seconds.</ErrorAlert>}
      {!isReady && error === null && <LoadingState />}
      {isReady && streams.length === 0 && (
        <EmptyState icon={IconTimeline} title="No streams yet">
          A stream groups tasks to track their progress together. A backend creates one with POST /api/streams.
        </EmptyState>
      )}
      {isReady && streams.length > 0 && found.length === 0 && (
        <EmptyState icon={IconTimeline} title="No matching streams" />
      )}
      {found.length > 0 && <StreamRows streams={found} />}
    </Page>
  );
}

/** Streams with their blocked tasks: blocked streams first, then running ones, then completed ones by date. */
export function useStreamViews(): { streams: readonly StreamView[]; isReady: boolean; error: unknown } {
  const { items: streams, isLive, error } = useStreams();
  const { items: tasks } = useTasks();
  const views = useMemo(() => {
    const blocked = new Map<string, string[]>();
    for (const { streamId, status, title, blockedReason } of tasks) {
      if (status !== "blocked" || streamId === undefined) continue;
      const reasons = blocked.get(streamId) ?? [];
      reasons.push(blockedReason ? `${title}: ${blockedReason}` : title);
      blocked.set(streamId, reasons);
    }
    return streams
      .map((stream): StreamView => ({ ...stream, blocked: blocked.get(stream.streamId) ?? [] }))
      .sort((one, other) => rankOf(one) - rankOf(other) || orderOf(one, other));
  }, [streams, tasks]);
  return { streams: views, isReady: isLive || streams.length > 0, error };
}

function orderOf(one: StreamView, other: StreamView): number {
  const byName = one.streamName.localeCompare(other.streamName, undefined, { numeric: true });
  return rankOf(one) === 2 ? Date.parse(other.lastUpdated) - Date.parse(one.lastUpdated) || byName : byName;
}

function rankOf({ blocked, progressPercentage, totalTasks }: StreamView): number {
  if (blocked.length > 0) return 0;
  return totalTasks > 0 && progressPercentage >= 100 ? 2 : 1;
}
