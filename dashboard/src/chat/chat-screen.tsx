import { Center, Stack, Text } from "@mantine/core";
import { useClient, useStore } from "@signalbox/client/react";
import { IconMessages } from "@tabler/icons-react";
import { useRoute } from "wouter";
import { useSignedIn } from "../session/session-context.ts";
import classes from "./chat-screen.module.css";
import { ConversationList } from "./conversation-list.tsx";
import { ConversationView } from "./conversation-view.tsx";
import { conversationsStore } from "./model/conversations-store.ts";

/** The list of conversations and the open conversation. A phone shows one of the two. */
export default function ChatScreen() {
  const { session } = useSignedIn();
  const view = useStore(conversationsStore(useClient()));
  const [isOpen, params] = useRoute("/chat/:id");
  const id = isOpen ? params.id : undefined;
  const item = view.items.find((other) => other.id === id);
  return (
    <div className={classes.chat} data-open={id !== undefined}>
      <ConversationList view={view} me={session.userId} current={id} />
      {id !== undefined && (view.isLoaded || view.error !== null) ? (
        <ConversationView key={id} id={id} item={item} />
      ) : (
        <Center className={classes.nothing ?? ""}>
          <Stack align="center" gap="xs">
            <IconMessages size={36} stroke={1.2} aria-hidden />
            <Text c="dimmed">Choose a conversation, or start a new one.</Text>
          </Stack>
        </Center>
      )}
    </div>
  );
}
