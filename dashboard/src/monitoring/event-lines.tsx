import { Text } from "@mantine/core";
import { Waiting } from "../parts/states.tsx";
import { Tag } from "../parts/tag.tsx";
import { ClockTime } from "../parts/time.tsx";
import classes from "./event-lines.module.css";
import type { EventList } from "./event-list.ts";
import { toneOf, wordsOf } from "./event-words.ts";

/** So many fit into a page without a list of their own. */
const linesMost = 100;

/** What happened, newest first. */
export function EventLines({ list }: { list: EventList }) {
  const { events, isLive, refusal, gap } = list;
  if (refusal !== null) return <Text size="sm">The server does not tell: {refusal}</Text>;
  if (events.length === 0) {
    return isLive ? <Text size="sm">Nothing as far back as the log goes.</Text> : <Waiting rows={3} />;
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
              <span className={classes.words} title={wordsOf(event)}>
                {wordsOf(event)}
              </span>
            </li>
          ))}
      </ol>
      {gap && <Text size="sm">What happened before is lost: the log no longer has it.</Text>}
      {events.length > linesMost && <Text size="sm">The latest {linesMost}; the log has more.</Text>}
    </>
  );
}
