import { Button, Group, Text } from "@mantine/core";
import { useClient } from "@signalbox/client/react";
import { IconPlayerStopFilled } from "@tabler/icons-react";
import { useState } from "react";
import { MarkdownText } from "./markdown-text.tsx";
import { MessageFrame } from "./message.tsx";
import type { StreamingResponse } from "./model/streaming-responses.ts";
import classes from "./streaming-message.module.css";

/** Parsing a longer text with every piece is too slow: it is shown as plain text until the response ends. */
const maxMarkdownLength = 8_000;

interface StreamingMessageProps {
  conversationId: string;
  response: StreamingResponse;
}

/** A response while it is being streamed, with a button to stop it. */
export function StreamingMessage({ conversationId, response }: StreamingMessageProps) {
  const client = useClient();
  const [state, setState] = useState<"streaming" | "stopping" | "failed">("streaming");

  async function stop() {
    setState("stopping");
    try {
      await client.chat.conversation(conversationId).cancelResponse(response.responseId);
    } catch {
      // The response has just ended, or its producer is gone.
      setState("failed");
    }
  }

  return (
    <MessageFrame name={response.sender?.name ?? "Agent"} isFirst isAgent at={response.at}>
      {response.text.length > maxMarkdownLength ? (
        <div className={classes.plain} data-text>
          {response.text}
        </div>
      ) : (
        <MarkdownText text={response.text} />
      )}
      <Group gap="xs" mt={4}>
        <Text size="xs" c="dimmed" className={classes.writing ?? ""}>
          {state === "stopping" ? "Stopping…" : "Writing…"}
        </Text>
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<IconPlayerStopFilled size={12} aria-hidden />}
          disabled={state === "stopping"}
          onClick={() => void stop()}
        >
          Stop
        </Button>
        {state === "failed" && (
          <Text size="xs" c="var(--bad)" role="alert">
            The response could not be stopped.
          </Text>
        )}
      </Group>
    </MessageFrame>
  );
}
