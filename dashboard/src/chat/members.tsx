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
  here: readonly Member[];
}

const shownFaces = 4;

/** Who is here, and who belongs to the conversation; what its members may change about it. */
export function Members({ conversationId, title, members, here }: MembersProps) {
  const { session } = useSignedIn();
  const [isOpen, setOpen] = useState(false);
  const people = here
    .map(({ userId, name }) => ({ userId, name: name ?? userId }))
    .sort((one, other) => one.name.localeCompare(other.name));
  const names = people.map(({ name }) => name);
  return (
    <>
      <UnstyledButton className={classes.faces ?? ""} onClick={() => setOpen(true)}>
        <VisuallyHidden>Here: {names.join(", ") || "nobody"}. Members and title, and changing them.</VisuallyHidden>
        <Avatar.Group spacing={4}>
          {people.slice(0, shownFaces).map(({ userId, name }) => (
            <UserAvatar key={userId} name={name} size={28} />
          ))}
        </Avatar.Group>
        <Text size="xs" c="dimmed" className={classes.count ?? ""} aria-hidden>
          {here.length} here
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
              const present = here.find((member) => member.userId === userId);
              return (
                <MemberRow
                  key={userId}
                  conversationId={conversationId}
                  userId={userId}
                  name={present?.name ?? userId}
                  isHere={present !== undefined}
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
