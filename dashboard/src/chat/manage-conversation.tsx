import { Button, Group, Stack, TextInput } from "@mantine/core";
import { useClient } from "@signalbox/client/react";
import { type FormEvent, useState } from "react";
import { ActionOutcome, useAsyncAction } from "../ui/async-action.tsx";
import { MembersInput } from "./new-conversation.tsx";

/** Form that renames a conversation. */
export function Rename({ conversationId, title = "" }: { conversationId: string; title: string | undefined }) {
  const client = useClient();
  const action = useAsyncAction();
  const [text, setText] = useState(title);
  const newTitle = text.trim();

  function submit(event: FormEvent) {
    event.preventDefault();
    void action.run(async () => {
      await client.chat.conversation(conversationId).rename(newTitle);
      return "Renamed.";
    });
  }

  return (
    <form onSubmit={submit}>
      <Group align="end" gap="xs" wrap="nowrap">
        <TextInput
          label="Title"
          maxLength={200}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          flex={1}
        />
        <Button
          type="submit"
          variant="default"
          loading={action.isBusy}
          disabled={newTitle === "" || newTitle === title}
        >
          Rename
        </Button>
      </Group>
      <ActionOutcome of={action} />
    </form>
  );
}

/** Form that adds members. */
export function AddMembers({ conversationId }: { conversationId: string }) {
  const client = useClient();
  const action = useAsyncAction();
  const [added, setAdded] = useState<string[]>([]);

  function submit(event: FormEvent) {
    event.preventDefault();
    void action.run(async () => {
      await client.chat.conversation(conversationId).addMembers(...added);
      setAdded([]);
      return "Added.";
    });
  }

  return (
    <form onSubmit={submit}>
      <Stack gap="xs">
        <MembersInput label="Add members" value={added} onChange={setAdded} />
        <Button type="submit" variant="light" loading={action.isBusy} disabled={added.length === 0}>
          Add
        </Button>
        <ActionOutcome of={action} />
      </Stack>
    </form>
  );
}
