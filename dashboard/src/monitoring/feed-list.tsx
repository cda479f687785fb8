import { UnstyledButton } from "@mantine/core";
import type { Envelope } from "@signalbox/client";
import { memo } from "react";
import { VList } from "virtua";
import { Tag } from "../ui/tag.tsx";
import { ClockTime } from "../ui/time.tsx";
import { summaryOf, toneOf } from "./event-summary.ts";
import type { FeedEntry } from "./feed.ts";
import classes from "./feed-list.module.css";

interface FeedListProps {
  entries: readonly FeedEntry[];
  open(event: Envelope): void;
  /** Called when the user scrolls down; the list must not move then. */
  scrolledAway(): void;
}

const scrollThresholdPx = 40;

export function FeedList({ entries, open, scrolledAway }: FeedListProps) {
  return (
    <VList
      data={entries}
      className={classes.list}
      itemSize={37}
      tabIndex={0}
      role="group"
      aria-label="Events, newest first"
      onScroll={(offset) => offset > scrollThresholdPx && scrolledAway()}
    >
      {(entry) =>
        entry.type === "history_lost" ? (
          <div key={entry.id} className={classes.gap}>
            Events were lost here ({entry.reason}).
          </div>
        ) : (
          <Entry key={entry.id} event={entry} open={open} />
        )
      }
    </VList>
  );
}

const Entry = memo(function Entry({ event, open }: { event: Envelope; open(event: Envelope): void }) {
  return (
    <UnstyledButton className={classes.entry} data-event={event.id} onClick={() => open(event)}>
      <ClockTime at={event.timestamp} />
      <span>
        <Tag tone={toneOf(event.type)}>{event.type}</Tag>
      </span>
      <span className={classes.room}>{event.room}</span>
      <span className={classes.words}>{summaryOf(event)}</span>
    </UnstyledButton>
  );
});
