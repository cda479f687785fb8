import { Button, Group, Stack, Textarea } from "@mantine/core";
import { useClient } from "@signalbox/client/react";
import { type FormEvent, useState } from "react";
import { ActionOutcome, useAsyncAction } from "../ui/async-action.tsx";
import { Panel } from "../ui/page.tsx";
import { LevelSelect } from "./level-select.tsx";

const levels = ["info", "success", "warning", "error"] as const;

/** Tells everybody in chat something. */
export function AnnounceForm() {
  const client = useClient();
  const doing = useAsyncAction();
  const [message, setMessage] = useState("");
  const [level, setLevel] = useState<(typeof levels)[number]>("info");

  async function submit(event: FormEvent) {
    event.preventDefault();
    const isDone = await doing.run(async () => {
      const { position } = await client.admin.announce({ message, level });
      return `Announced, and kept at ${position.epoch}:${position.offset}.`;
    });
    if (isDone) setMessage("");
  }

  return (
    <Panel title="Announce">
      <form onSubmit={(event) => void submit(event)}>
        <Stack gap="xs">
          <Textarea
            label="Message"
            description="Everybody in chat is told, those who come later too"
            value={message}
            onChange={(event) => setMessage(event.currentTarget.value)}
            required
            maxLength={4_096}
            rows={2}
            resize="vertical"
          />
          <Group align="end" gap="xs">
            <LevelSelect levels={levels} level={level} choose={setLevel} />
            <Button type="submit" loading={doing.isBusy} disabled={message.trim() === ""}>
              Announce
            </Button>
          </Group>
          <ActionOutcome of={doing} />
        </Stack>
      </form>
    </Panel>
  );
}
