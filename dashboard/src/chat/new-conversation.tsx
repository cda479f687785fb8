import { Alert, Button, Modal, Stack, Switch, TagsInput, TextInput } from "@mantine/core";
import { useClient } from "@signalbox/client/react";
import { type FormEvent, useState } from "react";
import { useLocation } from "wouter";

/** Creates a conversation and opens it. */
export function NewConversation({ opened, close }: { opened: boolean; close(): void }) {
  return (
    <Modal opened={opened} onClose={close} title="New conversation" closeButtonProps={{ "aria-label": "Close" }}>
      <NewConversationForm close={close} />
    </Modal>
  );
}

function NewConversationForm({ close }: { close(): void }) {
  const client = useClient();
  const [, go] = useLocation();
  const [title, setTitle] = useState("");
  const [members, setMembers] = useState<string[]>([]);
  const [isPublic, setPublic] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    try {
      const { conversation } = await client.chat.create({
        members,
        public: isPublic,
        ...(title.trim() !== "" && { title: title.trim() }),
      });
      close();
      go(`/chat/${encodeURIComponent(conversation.id)}`);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
    setBusy(false);
  }

  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label="Title"
          maxLength={200}
          value={title}
          onChange={(event) => setTitle(event.currentTarget.value)}
          data-autofocus
        />
        <MembersInput label="Members" value={members} onChange={setMembers} />
        <Switch
          label="Public: anyone with the link can join"
          checked={isPublic}
          onChange={(event) => setPublic(event.currentTarget.checked)}
        />
        {problem !== undefined && (
          <Alert color="red" role="alert">
            {problem}
          </Alert>
        )}
        <Button type="submit" loading={isBusy}>
          Create
        </Button>
      </Stack>
    </form>
  );
}

interface MembersInputProps {
  label: string;
  value: string[];
  onChange(value: string[]): void;
}

/** Input for user ids of users and agents. */
export function MembersInput({ label, value, onChange }: MembersInputProps) {
  return (
    <TagsInput
      label={label}
      description="User ids of people and agents, separated by Enter or commas"
      value={value}
      onChange={onChange}
      splitChars={[",", " "]}
      acceptValueOnBlur
      clearable={false}
    />
  );
}
