import { Button, Drawer, MultiSelect, Text, TextInput } from "@mantine/core";
import type { Envelope } from "@signalbox/client";
import { EventType } from "@signalbox/client";
import { IconActivity, IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { memo, useDeferredValue, useMemo, useState } from "react";
import { Facts } from "../parts/facts.tsx";
import { JsonView } from "../parts/json-view.tsx";
import { Later } from "../parts/later.tsx";
import { Page } from "../parts/page.tsx";
import { Empty, Waiting } from "../parts/states.tsx";
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
      {entries.length === 0 && (isLive ? <Nothing /> : <Waiting />)}
      {entries.length > 0 && shown.length === 0 && <Empty icon={IconActivity} title="None of them is like that" />}
      {shown.length > 0 && (
        <Later>
          <FeedList entries={shown} open={setOpened} scrolledAway={pause} />
        </Later>
      )}
      <Later>
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
              <Facts
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
      </Later>
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
    <Empty icon={IconActivity} title="Nothing has happened yet">
      What tasks, streams, agents and components tell appears here as it happens.
    </Empty>
  );
}
