import { Alert, Text } from "@mantine/core";
import type { Envelope, EventType } from "@signalbox/client";
import { useClient } from "@signalbox/client/react";
import { useEffect, useState } from "react";
import classes from "./notifications.module.css";

interface Notification {
  id: string;
  level: "info" | "success" | "warning" | "error";
  title: string;
  body: string;
}

const colors = { info: "blue", success: "green", warning: "yellow", error: "red" } as const;

const maxShown = 5;

/** Announcements and the user's notifications, until they are dismissed. */
export function Notifications() {
  const client = useClient();
  const [notices, setNotices] = useState<readonly Notification[]>([]);
  useEffect(
    () =>
      client.on("message", (event) => {
        const notice = notificationOf(event);
        if (notice) setNotices((before) => [...before, notice].slice(-maxShown));
      }),
    [client],
  );
  return (
    <div className={classes.notifications} role="log" aria-label="Notifications" aria-live="polite">
      {notices.map(({ id, level, title, body }) => (
        <Alert
          key={id}
          className={classes.notification ?? ""}
          variant="light"
          color={colors[level]}
          title={title}
          withCloseButton
          closeButtonLabel="Dismiss"
          onClose={() => setNotices((before) => before.filter((notice) => notice.id !== id))}
        >
          <Text size="sm" style={{ whiteSpace: "pre-line" }}>
            {body}
          </Text>
        </Alert>
      ))}
    </div>
  );
}

function notificationOf({ id, type, data }: Envelope): Notification | undefined {
  if (type === "announcement") {
    const { message, level } = data as Envelope<EventType.Announcement>["data"];
    return { id, level, title: "Announcement", body: message };
  }
  if (type === "notification") {
    const { title, body = "", level } = data as Envelope<EventType.Notification>["data"];
    return { id, level, title, body };
  }
  return undefined;
}
