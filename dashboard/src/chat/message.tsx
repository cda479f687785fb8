import { Anchor, Button, Group, Text } from "@mantine/core";
import { IconLink } from "@tabler/icons-react";
import { memo, type ReactNode } from "react";
import { formatTime } from "./format-time.ts";
import { MarkdownText } from "./markdown-text.tsx";
import classes from "./message.module.css";
import type { Entry, Link } from "./model/entry.ts";
import type { Outgoing } from "./model/outgoing.ts";
import { UserAvatar } from "./user-avatar.tsx";

interface FrameProps {
  name: string;
  isFirst: boolean;
  isAgent?: boolean;
  at?: number;
  children: ReactNode;
}

/** Sender, time and content. The heading is shown for the first of consecutive messages only. */
export function MessageFrame({ name, isFirst, isAgent = false, at, children }: FrameProps) {
  return (
    <article className={classes.message} data-first={isFirst}>
      {isFirst ? <UserAvatar name={name} isAgent={isAgent} /> : <span />}
      <div className={classes.body}>
        {isFirst && (
          <Group gap="xs" align="baseline">
            <Text component="span" size="sm" fw={650}>
              {name}
            </Text>
            {at !== undefined && (
              <Text component="time" dateTime={new Date(at).toISOString()} size="xs" c="dimmed">
                {formatTime(at)}
              </Text>
            )}
          </Group>
        )}
        {children}
      </div>
    </article>
  );
}

const statusTexts = { complete: null, failed: "This response failed.", cancelled: "This response was stopped." };

/** A message or a finished response. */
export const Message = memo(function Message({ entry, isFirst }: { entry: Entry; isFirst: boolean }) {
  const statusText = statusTexts[entry.status];
  return (
    <MessageFrame
      name={entry.sender?.name ?? "Signalbox"}
      isFirst={isFirst}
      isAgent={entry.kind === "response"}
      at={entry.at}
    >
      <MarkdownText text={entry.text} />
      <Links links={entry.links} />
      {statusText !== null && (
        <Text size="xs" c="var(--bad)">
          {statusText}
        </Text>
      )}
    </MessageFrame>
  );
});

interface OutgoingProps {
  message: Outgoing;
  isFirst: boolean;
  name: string;
  isConnected: boolean;
  retry(id: string): void;
  discard(id: string): void;
}

/** A message that is being sent, with its state. */
export function OutgoingMessage({ message, isFirst, name, isConnected, retry, discard }: OutgoingProps) {
  const { id, input, state, error } = message;
  const links = (input.attachments ?? []).map(({ url, name }) => ({ url, name: name ?? url }));
  return (
    <MessageFrame name={name} isFirst={isFirst}>
      <div className={classes.pending}>
        <MarkdownText text={input.message} />
      </div>
      <Links links={links} />
      <Group gap="xs" role="status">
        {state === "failed" ? (
          <>
            <Text size="xs" c="var(--bad)">
              Not sent. {error}
            </Text>
            <Button size="compact-xs" variant="light" onClick={() => retry(id)}>
              Retry
            </Button>
            <Button size="compact-xs" variant="default" onClick={() => discard(id)}>
              Discard
            </Button>
          </>
        ) : (
          <Text size="xs" c="dimmed">
            {state === "sent" ? "Sent" : isConnected ? "Sending…" : "Waiting for the connection…"}
          </Text>
        )}
      </Group>
    </MessageFrame>
  );
}

function Links({ links }: { links: readonly Link[] }) {
  if (links.length === 0) return null;
  return (
    <Group gap="xs" mt={4}>
      {links.map(({ url, name }) => (
        <Anchor key={url} href={url} target="_blank" rel="noreferrer noopener" size="sm" className={classes.link ?? ""}>
          <IconLink size={14} aria-hidden /> {name}
        </Anchor>
      ))}
    </Group>
  );
}
