import { ActionIcon, Alert, Center, Loader, Text, Title } from "@mantine/core";
import { useClient, useConnection, useStore } from "@signalbox/client/react";
import { IconChevronLeft } from "@tabler/icons-react";
import { useCallback, useEffect, useMemo, useState } from "react";
import { Link } from "wouter";
import { useSignedIn } from "../session/session-context.ts";
import { Composer } from "./composer.tsx";
import { conversationTitle } from "./conversation-title.ts";
import classes from "./conversation-view.module.css";
import { Divider, GapDivider } from "./divider.tsx";
import { formatDay } from "./format-time.ts";
import { Members } from "./members.tsx";
import { Message, OutgoingMessage } from "./message.tsx";
import { MessageList, Top } from "./message-list.tsx";
import { conversationStore } from "./model/conversation-store.ts";
import { type ConversationItem, conversationsStore } from "./model/conversations-store.ts";
import { draftOf } from "./model/drafts.ts";
import { isAfter } from "./model/entry.ts";
import { type Row, rowsOf } from "./rows.ts";
import { StreamingMessage } from "./streaming-message.tsx";
import { useMarkRead } from "./use-mark-read.ts";

/** More unread messages than this do not fit on the screen. */
const unreadThreshold = 8;

const names = new Intl.ListFormat("en");

/** A conversation. `item`: its entry in the list, if it has one. */
export function ConversationView({ id, item }: { id: string; item: ConversationItem | undefined }) {
  const client = useClient();
  const { session } = useSignedIn();
  const { state } = useConnection();
  const store = conversationStore(client, id);
  const view = useStore(store);
  const [isAtEnd, setAtEnd] = useState(true);
  const [initialReadPosition] = useState(() => ((item?.unread ?? 0) > 0 ? (item?.readPosition ?? null) : undefined));
  const { entries, missed, refusal } = view;

  // The first message that was unread when the conversation was opened.
  const unreadFrom = useMemo(() => {
    if (initialReadPosition === undefined) return null;
    const isNew = (entry: (typeof entries)[number]) =>
      isAfter(entry.position, initialReadPosition) && entry.sender?.userId !== session.userId;
    return entries.find(isNew)?.id ?? null;
  }, [entries, initialReadPosition, session.userId]);
  // For the button that jumps to the first unread message when it is out of view.
  const [initialUnread, setInitialUnread] = useState(item?.unread ?? 0);
  const unread = unreadFrom !== null && initialUnread > unreadThreshold ? initialUnread : 0;
  const [missedFrom, setMissedFrom] = useState<string | null>(null);
  useEffect(() => {
    if (missed) setMissedFrom(missed.firstId);
  }, [missed]);
  const newFrom = missedFrom ?? unreadFrom;

  const rows = useMemo(() => rowsOf(view, newFrom, session.userId), [view, newFrom, session.userId]);
  const newest = useMemo(() => entries.findLast(({ position }) => position !== null)?.position ?? null, [entries]);
  const markRead = useCallback(
    (position: NonNullable<typeof newest>) => conversationsStore(client).markRead(id, position),
    [client, id],
  );
  useMarkRead({ newest, isVisible: isAtEnd && view.isLive, markRead });

  const conversation = client.chat.conversation(id);
  const typing = useCallback((isTyping: boolean) => conversation.typing(isTyping), [conversation]);
  const draft = useMemo(() => draftOf(session.userId, id), [session.userId, id]);
  const nameOf = (userId: string) => view.members.find((member) => member.userId === userId)?.name ?? userId;

  function render(row: Row) {
    switch (row.kind) {
      case "top":
        return <Top hasEarlier={row.hasEarlier} isLoading={view.isLoadingEarlier} />;
      case "day":
        return <Divider kind="day">{formatDay(row.at)}</Divider>;
      case "new":
        return <Divider kind="new">New</Divider>;
      case "gap":
        return <GapDivider reason={row.reason} />;
      case "entry":
        return <Message entry={row.entry} isFirst={row.isFirst} />;
      case "streaming":
        return <StreamingMessage conversationId={id} response={row.response} />;
      case "outgoing":
        return (
          <OutgoingMessage
            message={row.message}
            isFirst={row.isFirst}
            name={session.name ?? session.userId}
            isConnected={state === "active"}
            retry={store.retry}
            discard={store.discard}
          />
        );
    }
  }

  const title = item ? conversationTitle(item, session.userId) : id;
  return (
    <section className={classes.conversation} aria-label={title}>
      <header className={classes.header}>
        <ActionIcon
          component={Link}
          href="/chat"
          variant="subtle"
          className={classes.back ?? ""}
          aria-label="All conversations"
        >
          <IconChevronLeft size={20} aria-hidden />
        </ActionIcon>
        <Title order={2} size="h5" className={classes.title ?? ""}>
          {title}
        </Title>
        <Members
          conversationId={id}
          title={item?.title}
          members={item?.members ?? view.members.map(({ userId }) => userId)}
          connected={view.members}
        />
      </header>
      {refusal !== null && (
        <Alert color="red" m="sm" role="alert" title="You are not in this conversation">
          {refusalTexts[refusal] ?? `The server refused access: ${refusal}.`}
        </Alert>
      )}
      {view.isLoaded || entries.length > 0 ? (
        <MessageList
          rows={rows}
          missed={
            missed
              ? { key: missed.firstId, count: missed.count, wasAway: true }
              : unread > 0
                ? { key: unreadFrom ?? "", count: unread, wasAway: false }
                : null
          }
          isLoadingEarlier={view.isLoadingEarlier}
          render={render}
          loadEarlier={() => void store.loadEarlier()}
          onJump={() => {
            store.clearMissed();
            setInitialUnread(0);
          }}
          onAtEnd={setAtEnd}
        />
      ) : (
        <Center flex={1}>{refusal === null && <Loader aria-label="Loading messages" />}</Center>
      )}
      <Text className={classes.typing ?? ""} size="xs" c="dimmed" aria-live="polite">
        {view.typing.length > 0 &&
          `${names.format(view.typing.map(nameOf))} ${view.typing.length === 1 ? "is" : "are"} typing…`}
      </Text>
      {refusal === null && <Composer draft={draft} post={store.post} typing={typing} />}
    </section>
  );
}

const refusalTexts: Record<string, string> = {
  not_found:
    "It does not exist, or you are not a member. A server without Redis forgets all conversations when it restarts.",
  forbidden: "Your roles no longer give you access.",
  removed: "You were removed from it.",
};
