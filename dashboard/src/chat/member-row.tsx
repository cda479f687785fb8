import { Button, Indicator, Text } from "@mantine/core";
import { useClient } from "@signalbox/client/react";
import { useState } from "react";
import { useLocation } from "wouter";
import { Outcome, useDoing } from "../parts/doing.tsx";
import { Face } from "./face.tsx";
import classes from "./people.module.css";

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
  const doing = useDoing();
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
        <Face name={name} />
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
      <Outcome of={doing} />
    </li>
  );
}
