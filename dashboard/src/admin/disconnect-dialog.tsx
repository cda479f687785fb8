import { Alert, Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useClient } from "@signalbox/client/react";
import { type FormEvent, useState } from "react";
import { messageOf } from "../ui/page-states.tsx";

/** What is to be ended: a connection, all of a user, or the tokens of a user with all that they opened. */
export interface DisconnectRequest {
  kind: "connection" | "user" | "tokens";
  id: string;
  userId: string;
}

const words = {
  connection: {
    title: "Disconnect",
    deed: "Disconnect",
    what: "This connection is ended. A client may connect again.",
  },
  user: {
    title: "Disconnect everywhere",
    deed: "Disconnect all",
    what: "All connections of this user are ended, on every instance. A client may connect again.",
  },
  tokens: {
    title: "Revoke",
    deed: "Revoke",
    what: "Every token that this user has is refused from now on, and what it opened is ended. Only a new token lets the user in again.",
  },
} as const;

interface DisconnectDialogProps {
  ending: DisconnectRequest | undefined;
  close(): void;
  done(): void;
}

/** Asks for the reason, and whether it is meant. Who did it and why is written down by the server. */
export function DisconnectDialog({ ending, close, done }: DisconnectDialogProps) {
  return (
    <Modal
      opened={ending !== undefined}
      onClose={close}
      title={ending && `${words[ending.kind].title}: ${ending.userId}`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {ending && <Form key={ending.id} ending={ending} close={close} done={done} />}
    </Modal>
  );
}

function Form({ ending: { kind, id }, close, done }: DisconnectDialogProps & { ending: DisconnectRequest }) {
  const client = useClient();
  const [reason, setReason] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  const { what, deed } = words[kind];

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    try {
      if (kind === "connection") await client.admin.disconnect({ connectionId: id, reason });
      if (kind === "user") await client.admin.disconnect({ userId: id, reason });
      if (kind === "tokens") await client.admin.revoke({ userId: id, reason });
      close();
      done();
    } catch (error) {
      setBusy(false);
      setProblem(error);
    }
  }

  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <Text size="sm">{what}</Text>
        <TextInput
          label="Reason"
          description="Kept in the server's log together with your name"
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          required
          maxLength={500}
          data-autofocus
        />
        {problem !== undefined && (
          <Alert color="red" role="alert" title="Nothing was done">
            {messageOf(problem)}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Leave it
          </Button>
          <Button type="submit" color="red.8" loading={isBusy} disabled={reason.trim() === ""}>
            {deed}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
