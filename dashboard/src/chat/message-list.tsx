import { Button, Loader, Text } from "@mantine/core";
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { useLayoutEffect, useRef, useState } from "react";
import { VList, type VListHandle } from "virtua";
import classes from "./message-list.module.css";
import type { Row } from "./rows.ts";

interface MessageListProps {
  rows: readonly Row[];
  /** Key of the first new row, number of new messages, and whether they arrived while offline. */
  missed: { key: string; count: number; wasAway: boolean } | null;
  isLoadingEarlier: boolean;
  render(row: Row): React.ReactElement;
  loadEarlier(): void;
  onJump(): void;
  /** Called when the newest message becomes visible or hidden. */
  onAtEnd(isAtEnd: boolean): void;
}

/** State of the last render. */
interface Rendered {
  /** Key of the first message. */
  first: string | undefined;
  isAtEnd: boolean;
  /** Keys of outgoing messages. */
  outgoing: readonly string[];
}

/** Closer to the end than this counts as at the end. */
const endThresholdPx = 80;
/** Earlier messages are loaded when the top is closer than this. */
const loadAheadPx = 400;

/** A virtual list of messages. It stays at the end while the user is at the end. */
export function MessageList(props: MessageListProps) {
  const { rows, missed, isLoadingEarlier, render, loadEarlier, onJump, onAtEnd } = props;
  const list = useRef<VListHandle>(null);
  const rendered = useRef<Rendered>({ first: undefined, isAtEnd: true, outgoing: [] });
  const [isAtEnd, setAtEnd] = useState(true);
  const first = rows.find(({ kind }) => kind === "entry")?.key;
  // Messages that are inserted above must not move the visible ones.
  const isShifted = rendered.current.first !== first && rows.some(({ key }) => key === rendered.current.first);

  function toEnd() {
    list.current?.scrollToIndex(rows.length - 1, { align: "end" });
  }

  useLayoutEffect(() => {
    rendered.current.first = first;
    // Sending a message scrolls to the end.
    const outgoing = rows.flatMap(({ kind, key }) => (kind === "outgoing" ? key : []));
    if (outgoing.some((key) => !rendered.current.outgoing.includes(key))) rendered.current.isAtEnd = true;
    rendered.current.outgoing = outgoing;
    if (!rendered.current.isAtEnd || rows.length === 0) return;
    const index = rows.length - 1;
    list.current?.scrollToIndex(index, { align: "end" });
  }, [rows, first]);

  function scrolled(offset: number) {
    const handle = list.current;
    if (!handle) return;
    const isNowAtEnd = handle.scrollSize - offset - handle.viewportSize < endThresholdPx;
    rendered.current.isAtEnd = isNowAtEnd;
    if (isNowAtEnd !== isAtEnd) {
      setAtEnd(isNowAtEnd);
      onAtEnd(isNowAtEnd);
    }
    const [top] = rows;
    if (offset < loadAheadPx && top?.kind === "top" && top.hasEarlier && !isLoadingEarlier) loadEarlier();
  }

  function jump(key: string) {
    rendered.current.isAtEnd = false;
    list.current?.scrollToIndex(
      rows.findIndex((row) => row.key === key),
      { align: "start", offset: -endThresholdPx },
    );
    onJump();
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
          Jump to latest
        </Button>
      )}
    </div>
  );
}

/** Row above the first message. */
export function Top({ hasEarlier, isLoading }: { hasEarlier: boolean; isLoading: boolean }) {
  return (
    <div className={classes.top}>
      {hasEarlier || isLoading ? (
        <Loader size="sm" aria-label="Loading earlier messages" />
      ) : (
        <Text size="xs" c="dimmed">
          Start of the conversation
        </Text>
      )}
    </div>
  );
}
