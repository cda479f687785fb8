import { Alert, Avatar, Button, Group, Indicator, Modal, Stack, Text, UnstyledButton } from "@mantine/core";
import type { Member } from "@signalbox/client";
import { useClient } from "@signalbox/client/react";
import { type FormEvent, useState } from "react";
import { MembersInput } from "./new-conversation.tsx";
import classes from "./people.module.css";

interface PeopleProps {
  conversationId: string;
  /** User ids. */
  members: readonly string[];
  here: readonly Member[];
}

const shownFaces = 4;

/** Who is here, and who belongs to the conversation. */
export function People({ conversationId, members, here }: PeopleProps) {
  const [isOpen, setOpen] = useState(false);
  const names = here.map(({ userId, name }) => name ?? userId).sort();
  return (
    <>
      <UnstyledButton
        className={classes.faces ?? ""}
        onClick={() => setOpen(true)}
        aria-label={`Here: ${names.join(", ") || "nobody"}. Members and adding some`}
      >
        <Avatar.Group spacing="xs">
          {names.slice(0, shownFaces).map((name) => (
            <Avatar key={name} name={name} color="initials" size={28} radius="xl" aria-hidden />
          ))}
        </Avatar.Group>
        <Text size="xs" c="dimmed" className={classes.count ?? ""}>
          {here.length} here
        </Text>
      </UnstyledButton>
      <Modal opened={isOpen} onClose={() => setOpen(false)} title="People" closeButtonProps={{ "aria-label": "Close" }}>
        <Stack>
          <ul className={classes.members}>
            {members.map((userId) => {
              const present = here.find((member) => member.userId === userId);
              return (
                <li key={userId}>
                  <Group gap="sm">
                    <Indicator color="green" disabled={!present} size={10} offset={4} position="bottom-end">
                      <Avatar name={present?.name ?? userId} color="initials" size={32} aria-hidden />
                    </Indicator>
                    <Text size="sm">{present?.name ?? userId}</Text>
                    <Text size="xs" c="dimmed">
                      {present ? "here" : "away"}
                    </Text>
                  </Group>
                </li>
              );
            })}
          </ul>
          <AddMembers conversationId={conversationId} />
        </Stack>
      </Modal>
    </>
  );
}

function AddMembers({ conversationId }: { conversationId: string }) {
  const client = useClient();
  const [added, setAdded] = useState<string[]>([]);
  const [problem, setProblem] = useState<string>();

  async function submit(event: FormEvent) {
    event.preventDefault();
    try {
      await client.chat.conversation(conversationId).addMembers(...added);
      setAdded([]);
      setProblem(undefined);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  }

  return (
    <form onSubmit={submit}>
      <Stack gap="xs">
        <MembersInput label="Add members" value={added} onChange={setAdded} />
        {problem !== undefined && (
          <Alert color="red" role="alert">
            {problem}
          </Alert>
        )}
        <Button type="submit" variant="light" disabled={added.length === 0}>
          Add
        </Button>
      </Stack>
    </form>
  );
}
