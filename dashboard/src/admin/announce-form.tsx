import { Button, Group, Stack, Textarea } from "@mantine/core";
import { useClient } from "@signalbox/client/react";
import { type FormEvent, useState } from "react";
import { ActionOutcome, useAsyncAction } from "../ui/async-action.tsx";
import { Panel } from "../ui/page.tsx";
import { LevelSelect } from "./level-select.tsx";

const levels = ["info", "success", "warning", "error"] as const;

/** Publishes an announcement to all chat users. */
export function AnnounceForm() {
  const client = useClient();
  const action = useAsyncAction();
  const [message, setMessage] = useState("");
  const [level, setLevel] = useState<(typeof levels)[number]>("info");

  async function submit(event: FormEvent) {
    event.preventDefault();
    const isDone = await action.run(async () => {
      const { position } = await client.admin.announce({ message, level });
      return `Announced at position ${position.epoch}:${position.offset}.`;
    });
    if (isDone) setMessage("");
  }

  return (
    <Panel title="Announcement">
      <form onSubmit={(event) => void submit(event)}>
        <Stack gap="xs">
          <Textarea
            label="Message"
            description="Shown to all chat users, including those who connect later"
            value={message}
            onChange={(event) => setMessage(event.currentTarget.value)}
            required
            maxLength={4_096}
            rows={2}
            resize="vertical"
          />
          <Group align="end" gap="xs">
            <LevelSelect levels={levels} level={level} choose={setLevel} />
            <Button type="submit" loading={action.isBusy} disabled={message.trim() === ""}>
              Announce
            </Button>
          </Group>
          <ActionOutcome of={action} />
        </Stack>
      </form>
    </Panel>
  );
}
