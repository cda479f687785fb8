import { Text } from "@mantine/core";
import { LoadingState } from "../ui/page-states.tsx";
import { Tag } from "../ui/tag.tsx";
import { ClockTime } from "../ui/time.tsx";
import type { EventList } from "./event-list.ts";
import { summaryOf, toneOf } from "./event-summary.ts";
import classes from "./recent-events.module.css";

/** So many fit into a page without a list of their own. */
const linesMost = 100;

/** What happened, newest first. */
export function RecentEvents({ list }: { list: EventList }) {
  const { events, isLive, refusal, gap } = list;
  if (refusal !== null) return <Text size="sm">The server does not tell: {refusal}</Text>;
  if (events.length === 0) {
    return isLive ? <Text size="sm">Nothing as far back as the log goes.</Text> : <LoadingState rows={3} />;
  }
  return (
    <>
      <ol className={classes.lines} reversed>
        {events
          .slice(-linesMost)
          .reverse()
          .map((event) => (
            <li key={event.id} className={classes.line}>
              <ClockTime at={event.timestamp} />
              <Tag tone={toneOf(event.type)}>{event.type}</Tag>
              <span className={classes.words} title={summaryOf(event)}>
                {summaryOf(event)}
              </span>
            </li>
          ))}
      </ol>
      {gap && <Text size="sm">What happened before is lost: the log no longer has it.</Text>}
      {events.length > linesMost && <Text size="sm">The latest {linesMost}; the log has more.</Text>}
    </>
  );
}
