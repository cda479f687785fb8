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
  isHere: boolean;
  isMe: boolean;
}

/** Somebody who belongs to the conversation, and can be put out of it once that was asked a second time. */
export function MemberRow({ conversationId, userId, name, isHere, isMe }: MemberRowProps) {
  const client = useClient();
  const doing = useAsyncAction();
  const [, go] = useLocation();
  const [isAsked, setAsked] = useState(false);
  const deed = isMe ? "Leave" : "Remove";

  function remove() {
    void doing.run(async () => {
      await client.chat.conversation(conversationId).removeMember(userId);
      if (isMe) go("/chat");
      return "";
    });
  }

  return (
    <li className={classes.member}>
      <Indicator color="green" disabled={!isHere} size={10} offset={4} position="bottom-end">
        <UserAvatar name={name} />
      </Indicator>
      <Text size="sm" className={classes.name ?? ""}>
        {name}{" "}
        <Text span size="xs" c="dimmed">
          {isHere ? "here" : "away"}
        </Text>
      </Text>
      {isAsked ? (
        <Button.Group>
          <Button size="compact-xs" color="red.8" loading={doing.isBusy} onClick={remove}>
            {deed}: yes
          </Button>
          <Button size="compact-xs" variant="default" onClick={() => setAsked(false)}>
            No
          </Button>
        </Button.Group>
      ) : (
        <Button
          size="compact-xs"
          variant="default"
          aria-label={isMe ? "Leave the conversation" : `Remove ${name}`}
          onClick={() => setAsked(true)}
        >
          {deed}
        </Button>
      )}
      <ActionOutcome of={doing} />
    </li>
  );
}
