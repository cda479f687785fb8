import { Button, Group, Text } from "@mantine/core";
import { useClient } from "@signalbox/client/react";
import { IconPlayerStopFilled } from "@tabler/icons-react";
import { useState } from "react";
import { MarkdownText } from "./markdown-text.tsx";
import { MessageFrame } from "./message.tsx";
import type { Answer } from "./model/streaming-responses.ts";
import classes from "./streaming-response.module.css";

/** What is longer would be read anew too often: it is shown as it comes, and as Markdown at its end. */
const markdownLength = 8_000;

/** An answer while it is written, piece by piece; whoever reads may stop it. */
export function StreamingResponse({ conversationId, answer }: { conversationId: string; answer: Answer }) {
  const client = useClient();
  const [state, setState] = useState<"writing" | "stopping" | "going on">("writing");

  async function stop() {
    setState("stopping");
    try {
      await client.chat.conversation(conversationId).cancelResponse(answer.responseId);
    } catch {
      // It has ended meanwhile, or nobody can be told.
      setState("going on");
    }
  }

  return (
    <MessageFrame name={answer.sender?.name ?? "Agent"} isFirst isAgent at={answer.at}>
      {answer.text.length > markdownLength ? (
        <div className={classes.plain} data-text>
          {answer.text}
        </div>
      ) : (
        <MarkdownText text={answer.text} />
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
        {state === "going on" && (
          <Text size="xs" c="var(--bad)" role="alert">
            It could not be stopped.
          </Text>
        )}
      </Group>
    </MessageFrame>
  );
}
