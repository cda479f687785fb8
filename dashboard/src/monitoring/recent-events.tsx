import { Text } from "@mantine/core";
import { LoadingState } from "../ui/page-states.tsx";
import { Tag } from "../ui/tag.tsx";
import { ClockTime } from "../ui/time.tsx";
import type { EventList } from "./event-list.ts";
import { summaryOf, toneOf } from "./event-summary.ts";
import classes from "./recent-events.module.css";

/** Few enough for a page without virtual scrolling. */
const maxLines = 100;

/** The latest events, newest first. */
export function RecentEvents({ list }: { list: EventList }) {
  const { events, isLive, refusal, gap } = list;
  if (refusal !== null) return <Text size="sm">The server refused access: {refusal}</Text>;
  if (events.length === 0) {
    return isLive ? <Text size="sm">No events in the log.</Text> : <LoadingState rows={3} />;
  }
  return (
    <>
      <ol className={classes.lines} reversed>
        {events
          .slice(-maxLines)
          .reverse()
          .map((event) => (
            <li key={event.id} className={classes.line}>
              <ClockTime at={event.timestamp} />
              <Tag tone={toneOf(event.type)}>{event.type}</Tag>
              <span className={classes.summary} title={summaryOf(event)}>
                {summaryOf(event)}
              </span>
            </li>
          ))}
      </ol>
      {gap && <Text size="sm">Earlier events were lost.</Text>}
      {events.length > maxLines && <Text size="sm">Showing the latest {maxLines} events.</Text>}
    </>
  );
}
