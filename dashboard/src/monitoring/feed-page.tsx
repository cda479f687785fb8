import { Button, Drawer, MultiSelect, Text, TextInput } from "@mantine/core";
import type { Envelope } from "@signalbox/client";
import { EventType } from "@signalbox/client";
import { IconActivity, IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { memo, useDeferredValue, useMemo, useState } from "react";
import { Deferred } from "../ui/deferred.tsx";
import { DefinitionList } from "../ui/definition-list.tsx";
import { JsonView } from "../ui/json-view.tsx";
import { Page } from "../ui/page.tsx";
import { EmptyState, LoadingState } from "../ui/page-states.tsx";
import { maxFeedEntries, useFeed } from "./feed.ts";
import { FeedList } from "./feed-list.tsx";

const typeNames = Object.values(EventType).filter((type) =>
  /^(task|stream|checkpoint|agent|tool|health|performance|alert)[._]/.test(type),
);

export function FeedPage() {
  const { entries, isLive, isPaused, buffered, isBufferFull, pause, resume } = useFeed();
  const [types, setTypes] = useState<string[]>([]);
  const [room, setRoom] = useState("");
  const [opened, setOpened] = useState<Envelope>();
  const query = useDeferredValue(room.trim().toLowerCase());
  const shown = useMemo(
    () =>
      entries.filter(
        (entry) =>
          entry.type === "history_lost" ||
          ((types.length === 0 || types.includes(entry.type)) && entry.room.toLowerCase().includes(query)),
      ),
    [entries, types, query],
  );
  return (
    <Page
      title="Live feed"
      fills
      actions={
        <>
          <TypeFilter types={types} setTypes={setTypes} />
          <TextInput
            size="xs"
            type="search"
            aria-label="Room"
            placeholder="Room"
            value={room}
            onChange={(event) => setRoom(event.currentTarget.value)}
          />
          <Button
            size="xs"
            variant={isPaused ? "filled" : "default"}
            leftSection={
              isPaused ? <IconPlayerPlay size={14} aria-hidden /> : <IconPlayerPause size={14} aria-hidden />
            }
            onClick={isPaused ? resume : pause}
          >
            {isPaused ? "Resume" : "Pause"}
          </Button>
        </>
      }
    >
      <Text size="sm" c="var(--muted)" role="status" aria-live="off">
        {isPaused ? (
          <>
            Paused.{" "}
            {isBufferFull
              ? `${buffered.toLocaleString()} new events; later ones are read from the server's log when you resume.`
              : `${buffered.toLocaleString()} new ${buffered === 1 ? "event" : "events"}.`}
          </>
        ) : (
          `The latest ${Math.min(entries.length, maxFeedEntries).toLocaleString()} events${shown.length < entries.length ? `, ${shown.length.toLocaleString()} matching` : ""}.`
        )}
      </Text>
      {entries.length === 0 && (isLive ? <NoEvents /> : <LoadingState />)}
      {entries.length > 0 && shown.length === 0 && <EmptyState icon={IconActivity} title="No matching events" />}
      {shown.length > 0 && (
        <Deferred>
          <FeedList entries={shown} open={setOpened} scrolledAway={pause} />
        </Deferred>
      )}
      <Deferred>
        <Drawer
          opened={opened !== undefined}
          onClose={() => setOpened(undefined)}
          position="right"
          size="lg"
          title={opened?.type}
          closeButtonProps={{ "aria-label": "Close" }}
        >
          {opened && (
            <>
              <DefinitionList
                entries={{
                  Room: opened.room,
                  Time: opened.timestamp,
                  Position: opened.position
                    ? `${opened.position.epoch}:${opened.position.offset}`
                    : "none (not logged)",
                  Sender: opened.sender?.userId ?? "server",
                  Id: opened.id,
                }}
              />
              <JsonView value={opened.data} />
            </>
          )}
        </Drawer>
      </Deferred>
    </Page>
  );
}

interface TypeFilterProps {
  types: string[];
  setTypes(types: string[]): void;
}

/** Memoized: events do not render it again. */
const TypeFilter = memo(function TypeFilter({ types, setTypes }: TypeFilterProps) {
  return (
    <MultiSelect
      size="xs"
      aria-label="Types"
      placeholder={types.length === 0 ? "All types" : ""}
      data={typeNames}
      value={types}
      onChange={setTypes}
      clearable
      searchable
      maw={360}
    />
  );
});

function NoEvents() {
  return (
    <EmptyState icon={IconActivity} title="No events yet">
      Events of tasks, streams, agents and components appear here live.
    </EmptyState>
  );
}
