import { Button, Indicator, Text } from "@mantine/core";
import { useClient } from "@signalbox/client/react";
import { useState } from "react";
import { useLocation } from "wouter";
import { ActionOutcome, useAsyncAction } from "../ui/async-action.tsx";
import classes from "./members.module.css";
import { UserAvatar } from "./user-avatar.tsx";

interface MemberRowProps {
  conversationId: string;
  userId: string;
  name: string;
  isConnected: boolean;
  isMe: boolean;
}

/** A member, with a button to remove the member after a confirmation. */
export function MemberRow({ conversationId, userId, name, isConnected, isMe }: MemberRowProps) {
  const client = useClient();
  const action = useAsyncAction();
  const [, go] = useLocation();
  const [isConfirming, setConfirming] = useState(false);
  const label = isMe ? "Leave" : "Remove";

  function remove() {
    void action.run(async () => {
      await client.chat.conversation(conversationId).removeMember(userId);
      if (isMe) go("/chat");
      return "";
    });
  }

  return (
    <li className={classes.member}>
      <Indicator color="green" disabled={!isConnected} size={10} offset={4} position="bottom-end">
        <UserAvatar name={name} />
      </Indicator>
      <Text size="sm" className={classes.name ?? ""}>
        {name}{" "}
        <Text span size="xs" c="dimmed">
          {isConnected ? "online" : "offline"}
        </Text>
      </Text>
      {isConfirming ? (
        <Button.Group>
          <Button size="compact-xs" color="red.8" loading={action.isBusy} onClick={remove}>
            Confirm
          </Button>
          <Button size="compact-xs" variant="default" onClick={() => setConfirming(false)}>
            Cancel
          </Button>
        </Button.Group>
      ) : (
        <Button
          size="compact-xs"
          variant="default"
          aria-label={isMe ? "Leave the conversation" : `Remove ${name}`}
          onClick={() => setConfirming(true)}
        >
          {label}
        </Button>
      )}
      <ActionOutcome of={action} />
    </li>
  );
}
