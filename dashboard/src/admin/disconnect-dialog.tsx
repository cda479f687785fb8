import { Alert, Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useClient } from "@signalbox/client/react";
import { type FormEvent, useState } from "react";
import { messageOf } from "../ui/page-states.tsx";

/** What to disconnect: a connection, all connections of a user, or a user whose tokens are revoked. */
export interface DisconnectRequest {
  kind: "connection" | "user" | "tokens";
  id: string;
  userId: string;
}

const texts = {
  connection: {
    title: "Disconnect",
    button: "Disconnect",
    description: "Closes this connection. The client may connect again.",
  },
  user: {
    title: "Disconnect everywhere",
    button: "Disconnect all",
    description: "Closes all connections of this user, on every instance. The clients may connect again.",
  },
  tokens: {
    title: "Revoke tokens",
    button: "Revoke",
    description:
      "Refuses every token issued to this user so far and closes the connections opened with them. The user needs a new token.",
  },
} as const;

interface DisconnectDialogProps {
  request: DisconnectRequest | undefined;
  close(): void;
  done(): void;
}

/** Asks for a reason and for confirmation. The server logs the admin and the reason. */
export function DisconnectDialog({ request, close, done }: DisconnectDialogProps) {
  return (
    <Modal
      opened={request !== undefined}
      onClose={close}
      title={request && `${texts[request.kind].title}: ${request.userId}`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {request && <Form key={request.id} request={request} close={close} done={done} />}
    </Modal>
  );
}

function Form({ request: { kind, id }, close, done }: DisconnectDialogProps & { request: DisconnectRequest }) {
  const client = useClient();
  const [reason, setReason] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  const { description, button } = texts[kind];

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
        <Text size="sm">{description}</Text>
        <TextInput
          label="Reason"
          description="Stored in the server's log together with your name"
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          required
          maxLength={500}
          data-autofocus
        />
        {problem !== undefined && (
          <Alert color="red" role="alert" title="The request failed">
            {messageOf(problem)}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" color="red.8" loading={isBusy} disabled={reason.trim() === ""}>
            {button}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
