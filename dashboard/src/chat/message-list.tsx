import { Button, Loader, Text } from "@mantine/core";
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { useLayoutEffect, useRef, useState } from "react";
import { VList, type VListHandle } from "virtua";
import classes from "./message-list.module.css";
import type { Row } from "./rows.ts";

interface MessageListProps {
  rows: readonly Row[];
  /** Above which row the new ones begin, how many they are, and whether they came while there was no connection. */
  missed: { key: string; count: number; wasAway: boolean } | null;
  isLoadingEarlier: boolean;
  render(row: Row): React.ReactElement;
  loadEarlier(): void;
  jumped(): void;
  /** Whether the newest is in sight. */
  atEnd(isAtEnd: boolean): void;
}

/** What was drawn last. */
interface Shown {
  /** Its first message. */
  first: string | undefined;
  isAtEnd: boolean;
  /** What was on its way. */
  outgoing: readonly string[];
}

const nearPx = 80;
const aheadPx = 400;

/** Any number of messages, of which those in sight are there. It stays at the end for as long as one is there. */
export function MessageList(props: MessageListProps) {
  const { rows, missed, isLoadingEarlier, render, loadEarlier, jumped, atEnd } = props;
  const list = useRef<VListHandle>(null);
  const shown = useRef<Shown>({ first: undefined, isAtEnd: true, outgoing: [] });
  const [isAtEnd, setAtEnd] = useState(true);
  const first = rows.find(({ kind }) => kind === "entry")?.key;
  // What came in above must not move what is being read.
  const isShifted = shown.current.first !== first && rows.some(({ key }) => key === shown.current.first);

  function toEnd() {
    list.current?.scrollToIndex(rows.length - 1, { align: "end" });
  }

  useLayoutEffect(() => {
    shown.current.first = first;
    // Whoever sends something wants to see it, wherever in the history they were.
    const outgoing = rows.flatMap(({ kind, key }) => (kind === "outgoing" ? key : []));
    if (outgoing.some((key) => !shown.current.outgoing.includes(key))) shown.current.isAtEnd = true;
    shown.current.outgoing = outgoing;
    if (!shown.current.isAtEnd || rows.length === 0) return;
    const index = rows.length - 1;
    list.current?.scrollToIndex(index, { align: "end" });
  }, [rows, first]);

  function scrolled(offset: number) {
    const handle = list.current;
    if (!handle) return;
    const now = handle.scrollSize - offset - handle.viewportSize < nearPx;
    shown.current.isAtEnd = now;
    if (now !== isAtEnd) {
      setAtEnd(now);
      atEnd(now);
    }
    const [top] = rows;
    if (offset < aheadPx && top?.kind === "top" && top.hasEarlier && !isLoadingEarlier) loadEarlier();
  }

  function jump(key: string) {
    shown.current.isAtEnd = false;
    list.current?.scrollToIndex(
      rows.findIndex((row) => row.key === key),
      { align: "start", offset: -nearPx },
    );
    jumped();
  }

  return (
    <div className={classes.frame}>
      {missed && (
        <Button
          className={classes.above ?? ""}
          size="xs"
          radius="xl"
          leftSection={<IconArrowUp size={14} aria-hidden />}
          onClick={() => jump(missed.key)}
        >
          {missed.count} new {missed.wasAway ? "while you were away" : "messages"}
        </Button>
      )}
      <VList
        ref={list}
        data={rows}
        className={classes.list ?? ""}
        shift={isShifted}
        onScroll={scrolled}
        role="log"
        aria-label="Messages"
        tabIndex={0}
      >
        {(row) => (
          <div key={row.key} className={classes.row} data-row={row.kind}>
            {render(row)}
          </div>
        )}
      </VList>
      {!isAtEnd && (
        <Button
          className={classes.below ?? ""}
          size="xs"
          radius="xl"
          variant="default"
          leftSection={<IconArrowDown size={14} aria-hidden />}
          onClick={toEnd}
        >
          To the newest
        </Button>
      )}
    </div>
  );
}

/** Above the first message. */
export function Top({ hasEarlier, isLoading }: { hasEarlier: boolean; isLoading: boolean }) {
  return (
    <div className={classes.top}>
      {hasEarlier || isLoading ? (
        <Loader size="sm" aria-label="Loading earlier messages" />
      ) : (
        <Text size="xs" c="dimmed">
          This is the beginning.
        </Text>
      )}
    </div>
  );
}
