import { Anchor, Button, Drawer, Group, Stack, Title } from "@mantine/core";
import { Link } from "wouter";
import { DefinitionList } from "../ui/definition-list.tsx";
import { ClockTime, RelativeTime } from "../ui/time.tsx";
import type { DisconnectRequest } from "./disconnect-dialog.tsx";
import type { Connection } from "./types.ts";

interface ConnectionDrawerProps {
  connection: Connection | undefined;
  close(): void;
  end(ending: DisconnectRequest): void;
}

/** Details of a connection. */
export function ConnectionDrawer({ connection, close, end }: ConnectionDrawerProps) {
  return (
    <Drawer
      opened={connection !== undefined}
      onClose={close}
      position="right"
      title={connection && `Connection of ${connection.userId}`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {connection && (
        <Stack>
          <DefinitionList
            entries={{
              Id: connection.connectionId,
              User: (
                <Anchor
                  component={Link}
                  size="sm"
                  href={`/admin/connections?user=${encodeURIComponent(connection.userId)}`}
                >
                  {connection.userId}
                </Anchor>
              ),
              Name: connection.name ?? undefined,
              Roles: connection.roles.join(", "),
              Namespace: connection.namespace,
              Transport: connection.door,
              Instance: connection.instanceId,
              State: connection.state,
              Rooms: connection.rooms,
              Connected: <RelativeTime at={connection.connectedAt} />,
              "Last active": <RelativeTime at={connection.lastActivityAt} />,
            }}
          />
          <Title order={2} size="h6">
            State history
          </Title>
          <DefinitionList
            entries={Object.fromEntries(
              connection.history.map(({ from, to, at }) => [`${from} → ${to}`, <ClockTime key={at} at={at} />]),
            )}
          />
          <Group gap="xs">
            <Button
              variant="default"
              component={Link}
              href={`/admin/trace?connection=${encodeURIComponent(connection.connectionId)}`}
            >
              Trace
            </Button>
            <Button
              color="red.8"
              onClick={() => end({ kind: "connection", id: connection.connectionId, userId: connection.userId })}
            >
              Disconnect
            </Button>
          </Group>
        </Stack>
      )}
    </Drawer>
  );
}
