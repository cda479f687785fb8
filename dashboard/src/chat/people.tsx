import {
  Alert,
  Avatar,
  Button,
  Group,
  Indicator,
  Modal,
  Stack,
  Text,
  UnstyledButton,
  VisuallyHidden,
} from "@mantine/core";
import type { Member } from "@signalbox/client";
import { useClient } from "@signalbox/client/react";
import { type FormEvent, useState } from "react";
import { Face } from "./face.tsx";
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
      <UnstyledButton className={classes.faces ?? ""} onClick={() => setOpen(true)}>
        <VisuallyHidden>Here: {names.join(", ") || "nobody"}. Members, and adding some.</VisuallyHidden>
        <Avatar.Group spacing="xs">
          {names.slice(0, shownFaces).map((name) => (
            <Face key={name} name={name} size={28} />
          ))}
        </Avatar.Group>
        <Text size="xs" c="dimmed" className={classes.count ?? ""} aria-hidden>
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
                      <Face name={present?.name ?? userId} />
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
