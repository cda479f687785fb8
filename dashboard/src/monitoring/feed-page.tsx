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
import { feedMost, useFeed } from "./feed.ts";
import { FeedList } from "./feed-list.tsx";

const typeNames = Object.values(EventType).filter((type) =>
  /^(task|stream|checkpoint|agent|tool|health|performance|alert)[._]/.test(type),
);

export function FeedPage() {
  const { entries, isLive, isPaused, waiting, isReadLater, pause, resume } = useFeed();
  const [types, setTypes] = useState<string[]>([]);
  const [room, setRoom] = useState("");
  const [opened, setOpened] = useState<Envelope>();
  const wanted = useDeferredValue(room.trim().toLowerCase());
  const shown = useMemo(
    () =>
      entries.filter(
        (entry) =>
          entry.type === "history_lost" ||
          ((types.length === 0 || types.includes(entry.type)) && entry.room.toLowerCase().includes(wanted)),
      ),
    [entries, types, wanted],
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
            {isPaused ? "Go on" : "Pause"}
          </Button>
        </>
      }
    >
      <Text size="sm" c="var(--muted)" role="status" aria-live="off">
        {isPaused ? (
          <>
            Paused.{" "}
            {isReadLater
              ? `${waiting.toLocaleString()} are held here, and the rest is in the server's log: it is read from there when you go on.`
              : `${waiting.toLocaleString()} more ${waiting === 1 ? "has" : "have"} come and wait${waiting === 1 ? "s" : ""}.`}
          </>
        ) : (
          `The newest ${Math.min(entries.length, feedMost).toLocaleString()}${shown.length < entries.length ? `, of which ${shown.length.toLocaleString()} are like that` : ""}.`
        )}
      </Text>
      {entries.length === 0 && (isLive ? <Nothing /> : <LoadingState />)}
      {entries.length > 0 && shown.length === 0 && <EmptyState icon={IconActivity} title="None of them is like that" />}
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
                facts={{
                  Room: opened.room,
                  At: opened.timestamp,
                  Position: opened.position
                    ? `${opened.position.epoch}:${opened.position.offset}`
                    : "none: it is in no log",
                  Sender: opened.sender?.userId ?? "the server",
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

/** Is not drawn again with every event. */
const TypeFilter = memo(function TypeFilter({ types, setTypes }: TypeFilterProps) {
  return (
    <MultiSelect
      size="xs"
      aria-label="Types"
      placeholder={types.length === 0 ? "Every type" : ""}
      data={typeNames}
      value={types}
      onChange={setTypes}
      clearable
      searchable
      maw={360}
    />
  );
});

function Nothing() {
  return (
    <EmptyState icon={IconActivity} title="Nothing has happened yet">
      What tasks, streams, agents and components tell appears here as it happens.
    </EmptyState>
  );
}
