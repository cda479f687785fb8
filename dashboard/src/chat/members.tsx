import { Avatar, Modal, Stack, Text, UnstyledButton, VisuallyHidden } from "@mantine/core";
import type { Member } from "@signalbox/client";
import { useState } from "react";
import { useSignedIn } from "../session/session-context.ts";
import { AddMembers, Rename } from "./manage-conversation.tsx";
import { MemberRow } from "./member-row.tsx";
import classes from "./members.module.css";
import { UserAvatar } from "./user-avatar.tsx";

interface MembersProps {
  conversationId: string;
  title: string | undefined;
  /** User ids. */
  members: readonly string[];
  /** Members who are online. */
  connected: readonly Member[];
}

const maxAvatars = 4;

/** Avatars of connected members; opens a dialog to manage members and title. */
export function Members({ conversationId, title, members, connected }: MembersProps) {
  const { session } = useSignedIn();
  const [isOpen, setOpen] = useState(false);
  const online = connected
    .map(({ userId, name }) => ({ userId, name: name ?? userId }))
    .sort((one, other) => one.name.localeCompare(other.name));
  const names = online.map(({ name }) => name);
  return (
    <>
      <UnstyledButton className={classes.faces ?? ""} onClick={() => setOpen(true)}>
        <VisuallyHidden>Online: {names.join(", ") || "none"}. Manage members and title</VisuallyHidden>
        <Avatar.Group spacing={4}>
          {online.slice(0, maxAvatars).map(({ userId, name }) => (
            <UserAvatar key={userId} name={name} size={28} />
          ))}
        </Avatar.Group>
        <Text size="xs" c="dimmed" className={classes.count ?? ""} aria-hidden>
          {connected.length} online
        </Text>
      </UnstyledButton>
      <Modal
        opened={isOpen}
        onClose={() => setOpen(false)}
        title="Members"
        closeButtonProps={{ "aria-label": "Close" }}
      >
        <Stack>
          <ul className={classes.members}>
            {members.map((userId) => {
              const present = connected.find((member) => member.userId === userId);
              return (
                <MemberRow
                  key={userId}
                  conversationId={conversationId}
                  userId={userId}
                  name={present?.name ?? userId}
                  isConnected={present !== undefined}
                  isMe={userId === session.userId}
                />
              );
            })}
          </ul>
          <AddMembers conversationId={conversationId} />
          <Rename key={title} conversationId={conversationId} title={title} />
        </Stack>
      </Modal>
    </>
  );
}
