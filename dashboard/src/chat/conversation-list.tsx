import { ActionIcon, Alert, Badge, Skeleton, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconPlus, IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { VList } from "virtua";
import { Link } from "wouter";
import classes from "./conversation-list.module.css";
import { conversationTitle } from "./conversation-title.ts";
import { formatShortTime } from "./format-time.ts";
import type { ConversationItem, ConversationsView } from "./model/conversations-store.ts";
import { NewConversation } from "./new-conversation.tsx";

interface ConversationListProps {
  view: ConversationsView;
  me: string;
  current: string | undefined;
}

/** The user's conversations, most recent activity first. */
export function ConversationList({ view, me, current }: ConversationListProps) {
  const { items, isLoaded, error } = view;
  const [isCreating, setCreating] = useState(false);
  const [search, setSearch] = useState("");
  const query = search.trim().toLowerCase();
  const found = items.filter((item) => conversationTitle(item, me).toLowerCase().includes(query));
  return (
    <section className={classes.list} aria-label="Conversations">
      <div className={classes.heading}>
        <Title order={1} size="h4">
          Chat
        </Title>
        <ActionIcon variant="light" size="lg" aria-label="New conversation" onClick={() => setCreating(true)}>
          <IconPlus size={18} aria-hidden />
        </ActionIcon>
      </div>
      {items.length > 8 && (
        <TextInput
          mx="sm"
          mb="xs"
          size="xs"
          aria-label="Search conversations"
          placeholder="Search"
          leftSection={<IconSearch size={14} aria-hidden />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      )}
      {error !== null && (
        <Alert color="red" m="sm" title="Loading the conversations failed" role="alert">
          {error}
        </Alert>
      )}
      {!isLoaded && error === null && (
        <Stack p="sm" gap="xs" role="status" aria-label="Loading conversations">
          {["a", "b", "c", "d"].map((key) => (
            <Skeleton key={key} height={52} />
          ))}
        </Stack>
      )}
      {isLoaded && items.length === 0 && (
        <Text p="md" size="sm" c="dimmed">
          No conversations yet. Start one with the button above.
        </Text>
      )}
      <VList className={classes.items ?? ""}>
        {found.map((item) => (
          <Item key={item.id} item={item} title={conversationTitle(item, me)} isCurrent={item.id === current} />
        ))}
      </VList>
      <NewConversation opened={isCreating} close={() => setCreating(false)} />
    </section>
  );
}

function Item({ item, title, isCurrent }: { item: ConversationItem; title: string; isCurrent: boolean }) {
  const { id, unread, lastText, lastAt } = item;
  return (
    <Link
      href={`/chat/${encodeURIComponent(id)}`}
      className={classes.item}
      aria-current={isCurrent ? "page" : undefined}
      data-unread={unread > 0}
    >
      <span className={classes.title}>{title}</span>
      <time className={classes.time} dateTime={new Date(lastAt).toISOString()}>
        {formatShortTime(lastAt)}
      </time>
      <span className={classes.last}>{lastText || "No messages yet"}</span>
      {unread > 0 && (
        <Badge className={classes.unread ?? ""} size="sm" circle={unread < 10} aria-label={`${unread} unread`}>
          {unread > 99 ? "99+" : unread}
        </Badge>
      )}
    </Link>
  );
}
